//! Stripe's customers and their subscriptions.

use super::{Span, Time};
use stripe::sample::Version;

/// A Stripe customer.
#[derive(Clone, Debug)]
pub struct Customer {
    /// `cus_…`, an account's, or the company's own
    pub id: String,
    /// The API version that tells it.
    pub version: Version,
    /// When it was made.
    pub created: Time,
    /// The address from the start.
    pub email: Option<String>,
    /// The code in its metadata from the start.
    pub code: Option<String>,
    /// When its metadata says `commission: false`.
    pub no_commission: Option<Span>,
    /// Whether Stripe names it as an account rather than as a customer.
    pub is_account: bool,
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
    /// What it is called where nothing says that it is a customer: an id that looks like another object's is
    /// marked.
    #[must_use]
    pub fn key(&self) -> String {
        if self.id.starts_with("in_") { format!("customer:{}", self.id) } else { self.id.clone() }
    }

    /// Whether it forbids commission on a payment of a time. What is deleted changes no more.
    #[must_use]
    pub fn forbids_at(&self, at: Time) -> bool {
        let at = self.deleted.map_or(at, |deleted| deleted.min(at));
        self.no_commission.is_some_and(|span| span.contains(at))
    }

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
    /// When its metadata says `commission: false`.
    pub no_commission: Option<Span>,
    /// Whether the endpoint asks for `customer.subscription.*`. Its invoices repeat its metadata.
    pub told: bool,
    /// When it was updated in nothing that matters: renewed, paid with another card.
    pub renewed: Vec<Time>,
    /// When it was cancelled.
    pub cancelled: Option<Time>,
}

impl Subscription {
    /// Whether it forbids commission on a payment of a time. What is cancelled changes no more.
    #[must_use]
    pub fn forbids_at(&self, at: Time) -> bool {
        let at = self.cancelled.map_or(at, |cancelled| cancelled.min(at));
        self.no_commission.is_some_and(|span| span.contains(at))
    }
}
