//! Subscriptions.

use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
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

impl Kind for SubscriptionSeen {
    fn name(&self) -> &'static str {
        "subscription"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::Always
    }

    fn in_words(&self) -> String {
        format!("subscription {} is {}; no invoice of it was paid", self.subscription, self.status)
    }

    fn seen_at(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(at)
    }
}
