//! Early fraud warnings.

use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A card issuer's early word that a charge may be fraud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FraudWarningSeen {
    /// `issfr_…`
    pub warning: String,
    /// `ch_…`
    pub charge: Option<Key>,
    /// `pi_…`
    pub payment_intent: Option<Key>,
    /// Whether something can still be done: the charge was neither refunded nor disputed.
    pub actionable: bool,
    /// Stripe's `fraud_type`, as it is.
    pub fraud_type: Option<String>,
    /// Stripe's own creation time.
    pub created: DateTime<Utc>,
}

impl Kind for FraudWarningSeen {
    fn name(&self) -> &'static str {
        "fraud_warning"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::FromItsSecond
    }

    fn in_words(&self) -> String {
        let actionable = if self.actionable { "stands" } else { "was dealt with" };
        format!("early fraud warning {} {actionable}", self.warning)
    }

    fn waits_for_its_payment(&self) -> bool {
        true
    }

    fn has_versions(&self) -> bool {
        true
    }
}
