//! The scope of a re-evaluation: what changed in the registry, for whoever has to be resettled.

use super::code::FoldedCode;
use super::ids::AffiliateId;
use super::key::Key;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Names whose meaning changed: the body of a message of
/// `Resettle`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reevaluation {
    /// Codes, as they were and as they are.
    pub codes: Vec<FoldedCode>,
    /// Identities of customers.
    pub keys: Vec<Key>,
    /// Affiliates of whom something changed that is told of what they have earned.
    pub affiliates: Vec<AffiliateId>,
    /// The rules changed for whatever happened from this time on.
    pub rules_since: Option<DateTime<Utc>>,
}

impl Reevaluation {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
            && self.keys.is_empty()
            && self.affiliates.is_empty()
            && self.rules_since.is_none()
    }
}
