//! Early fraud warnings.

use crate::key::Key;
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
