//! What people decided.

use super::Time;

/// A customer was locked.
#[derive(Clone, Debug)]
pub struct Lock {
    /// Its number; of two the greater one stands.
    pub id: i64,
    /// `cus_…` or an address.
    pub whom: Whom,
    /// When.
    pub at: Time,
    /// To whom.
    pub to: LockedTo,
}

/// Who is locked.
#[derive(Clone, Debug)]
pub enum Whom {
    /// A Stripe customer, by place.
    Customer(usize),
    /// Everybody who carries an address.
    Email(String),
}

/// To whom somebody is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockedTo {
    /// An affiliate, by place.
    Affiliate(usize),
    /// Nobody.
    Nobody,
    /// To no one any more.
    Released,
}

/// A payment's commission was decided about.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Its number; of two the greater one stands.
    pub id: i64,
    /// Any key of the payment.
    pub payment: String,
    /// When.
    pub at: Time,
    /// What was decided.
    pub ruling: Ruling,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// All that is left is held.
    Hold,
    /// It is earned as the rules say, whatever had been held.
    Release,
    /// Nothing is owed.
    Reject,
}
