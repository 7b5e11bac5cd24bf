//! What a back end told the REST API.

use super::Time;

/// How a back end names a customer.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// Place of a Stripe customer.
    pub customer: Option<usize>,
    /// The address, as it was written.
    pub email: Option<String>,
    /// Its own id of the user.
    pub user: Option<String>,
}

/// A conversion that was posted.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub reference: Reference,
    /// Whom it concerns.
    pub who: Who,
    /// A signup rather than a purchase.
    pub signup: bool,
    /// When it happened.
    pub at: Time,
    /// ISO 4217, lower case.
    pub currency: &'static str,
    /// Place of the affiliate that was named.
    pub affiliate: Option<usize>,
    /// The code that was named.
    pub code: Option<String>,
    /// The coupon that was named.
    pub coupon: Option<String>,
    /// What was posted, then the changes; there is at least one.
    pub revisions: Vec<Revision>,
}

/// The payment key of a posted conversion.
#[derive(Clone, Debug)]
pub enum Reference {
    /// None was given.
    None,
    /// One of the caller's own.
    Own(String),
    /// Any id of a payment that Stripe tells as well.
    Stripe(String),
}

impl Post {
    /// The key under which it was posted.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.reference {
            Reference::None => format!("conversion:{}", self.id),
            Reference::Own(reference) => format!("external:{reference}"),
            Reference::Stripe(id) => id.clone(),
        }
    }
}

/// What a post says, or a change of it. What a change leaves out stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Revision {
    /// When it was accepted.
    pub at: Time,
    /// The commission, when it is named.
    pub value: Option<i64>,
    /// Whether the commission is given back to the rules.
    pub by_rules: bool,
    /// The sale.
    pub base: Option<i64>,
    /// Whether it was paid, when that is said.
    pub paid: Option<bool>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// A referral that was registered.
#[derive(Clone, Debug)]
pub struct Referral {
    /// Its number.
    pub id: i64,
    /// Who signed up.
    pub who: Who,
    /// When.
    pub at: Time,
    /// Place of the affiliate that was named.
    pub affiliate: Option<usize>,
    /// The code that was named.
    pub code: Option<String>,
}
