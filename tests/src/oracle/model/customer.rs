//! Stripe's customers and their subscriptions.

use super::Time;
use stripe::sample::Version;

/// A Stripe customer.
#[derive(Clone, Debug)]
pub struct Customer {
    /// `cus_…`
    pub id: String,
    /// The API version that tells it.
    pub version: Version,
    /// When it was made.
    pub created: Time,
    /// The address from the start.
    pub email: Option<String>,
    /// The code in its metadata from the start.
    pub code: Option<String>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
    /// Whether the endpoint asks for `customer.*`. If not, it has neither code nor wish.
    pub told: bool,
    /// What became of it, in order of time.
    pub changes: Vec<Change>,
    /// When it was deleted.
    pub deleted: Option<Time>,
}

/// A change of a customer's address or code; what it does not change stays.
#[derive(Clone, Debug)]
pub struct Change {
    /// When.
    pub at: Time,
    /// The new address.
    pub email: Option<String>,
    /// The new code.
    pub code: Option<String>,
}

impl Customer {
    /// The address at a time.
    #[must_use]
    pub fn email_at(&self, at: Time) -> Option<&str> {
        let mut by_then = self.changes.iter().rev().filter(|change| change.at <= at);
        by_then.find_map(|change| change.email.as_deref()).or(self.email.as_deref())
    }
}

/// A subscription of a customer.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// `sub_…`
    pub id: String,
    /// The API version that tells it.
    pub version: Version,
    /// Place of the customer.
    pub customer: usize,
    /// When it was made.
    pub created: Time,
    /// The code in its metadata.
    pub code: Option<String>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
    /// Whether the endpoint asks for `customer.subscription.*`. Its invoices repeat its metadata.
    pub told: bool,
    /// When it was cancelled.
    pub cancelled: Option<Time>,
}
