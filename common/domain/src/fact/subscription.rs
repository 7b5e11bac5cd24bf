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
}
