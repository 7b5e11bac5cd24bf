//! Subscriptions.

use crate::key::Key;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionSeen {
    /// `sub_…`
    pub subscription: Key,
    /// `cus_…`
    pub customer: Option<Key>,
    /// Stripe's status, as it is: `trialing`, `active`, `canceled` …
    pub status: String,
    /// When it was canceled.
    pub canceled_at: Option<DateTime<Utc>>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
    /// Whether facts of their own tell since when: [`CommissionFlag`](super::CommissionFlag). Before there
    /// were such facts, what was said last held for every payment.
    #[serde(default)]
    pub no_commission_is_dated: bool,
}
