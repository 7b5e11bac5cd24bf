//! Referral and coupon codes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A code in the form in which two are compared: trimmed, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FoldedCode(String);

impl FoldedCode {
    /// Folds a code. `None` when nothing is left.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let folded = code.trim().to_lowercase();
        (!folded.is_empty()).then_some(Self(folded))
    }

    /// A code as the store holds it.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code behind a `ref_` prefix, if there is one (SEMANTICS 4 d).
    #[must_use]
    pub fn without_ref_prefix(&self) -> Option<Self> {
        self.0.strip_prefix("ref_").filter(|rest| !rest.is_empty()).map(|rest| Self(rest.to_owned()))
    }
}

impl fmt::Display for FoldedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
