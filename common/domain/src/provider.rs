//! Payment providers.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who tells of payments. A second one is another variant, and the compiler then names every place that has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// <https://stripe.com>
    Stripe,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Stripe];

    /// As paths, tables and options write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
