//! Customers.

use crate::key::Key;
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
