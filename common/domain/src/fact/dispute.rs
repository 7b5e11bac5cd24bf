//! Disputes.

use super::kind::{Holds, Kind, money};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeSeen {
    /// `dp_…` or `du_…`
    pub dispute: String,
    /// `ch_…`
    pub charge: Option<Key>,
    /// `pi_…`
    pub payment_intent: Option<Key>,
    /// Minor units disputed.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Where it stands.
    pub status: DisputeStatus,
    /// Stripe's own creation time.
    pub created: DateTime<Utc>,
}

/// Where a dispute stands. Its last word is the latest (SEMANTICS 12); the order is the usual life of a
/// dispute, which tells what came last within one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// An inquiry (`warning_needs_response`, `warning_under_review`): nothing is held.
    Warning,
    /// Open: that share is held.
    Open,
    /// `won`, `warning_closed`, `prevented`: released.
    Released,
    /// Lost: taken back.
    Lost,
}

impl DisputeStatus {
    /// The rank of a fact with this status, for two of one second.
    #[must_use]
    pub fn rank(self) -> i64 {
        match self {
            Self::Warning => 0,
            Self::Open => 1,
            Self::Released => 2,
            Self::Lost => 3,
        }
    }
}

impl Kind for DisputeSeen {
    fn name(&self) -> &'static str {
        "dispute"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::FromItsSecond
    }

    fn in_words(&self) -> String {
        let status = match self.status {
            DisputeStatus::Warning => "is an inquiry, which holds nothing",
            DisputeStatus::Open => "is open",
            DisputeStatus::Released => "was won or closed",
            DisputeStatus::Lost => "was lost",
        };
        format!("dispute {} over {} {status}", self.dispute, money(&self.currency, self.amount))
    }

    fn waits_for_its_payment(&self) -> bool {
        true
    }

    fn has_versions(&self) -> bool {
        true
    }

    fn amounts(&self) -> Vec<i64> {
        vec![self.amount]
    }
}
