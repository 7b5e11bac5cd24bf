//! Customers.

use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A Stripe customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerSeen {
    /// `cus_…`
    pub customer: Key,
    /// The address as Stripe has it.
    pub email: Option<String>,
    /// Stripe's own creation time.
    pub created: DateTime<Utc>,
    /// Deleted at Stripe.
    pub deleted: bool,
    /// Metadata `commission: false` (SEMANTICS 6).
    pub no_commission: bool,
    /// Whether facts of their own tell since when: [`CommissionFlag`](super::CommissionFlag). Before there
    /// were such facts, what was said last held for every payment.
    #[serde(default)]
    pub no_commission_is_dated: bool,
}

impl Kind for CustomerSeen {
    fn name(&self) -> &'static str {
        "customer"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::Always
    }

    fn in_words(&self) -> String {
        let deleted = if self.deleted { "deleted at Stripe" } else { "known" };
        format!("customer {} is {deleted}; no payment of theirs has come", self.customer)
    }

    fn seen_at(&self, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.created)
    }

    fn emails(&self) -> [Option<&str>; 3] {
        [self.email.as_deref(), None, None]
    }
}
