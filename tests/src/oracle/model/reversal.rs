//! Money that went back, or may.

use super::Time;

/// A payment, by its place in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A checkout that took money itself.
    Checkout(usize),
    /// An invoice.
    Invoice(usize),
    /// An intent or a charge of its own.
    Intent(usize),
}

/// A credit note on a paid invoice.
#[derive(Clone, Debug)]
pub struct CreditNote {
    /// `cn_…`
    pub id: String,
    /// Place of the invoice.
    pub invoice: usize,
    /// When it was issued.
    pub at: Time,
    /// Minor units credited after payment.
    pub amount: i64,
    /// Place of the refund by which some of it was given.
    pub refund: Option<usize>,
    /// When it was made void.
    pub voided: Option<Time>,
}

/// An early fraud warning.
#[derive(Clone, Debug)]
pub struct Warning {
    /// `issfr_…`
    pub id: String,
    /// Of what.
    pub of: Of,
    /// When.
    pub at: Time,
    /// When there was nothing left to do about it.
    pub over: Option<Time>,
}

/// A refund.
#[derive(Clone, Debug)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// Of what.
    pub of: Of,
    /// Minor units.
    pub amount: i64,
    /// Where it stood, in order of time; the first is its creation.
    pub states: Vec<(Time, RefundState)>,
    /// Whether the endpoint asks for `refund.*`. If not, only the charge tells it.
    pub told: bool,
    /// When the charge told what was refunded of it in all, if it did.
    pub in_all_at: Option<Time>,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// Not yet money.
    Pending,
    /// Money went back.
    Succeeded,
    /// It came back again.
    Failed,
    /// It was called off.
    Canceled,
}

/// A dispute.
#[derive(Clone, Debug)]
pub struct Dispute {
    /// `du_…`
    pub id: String,
    /// Of what.
    pub of: Of,
    /// Minor units.
    pub amount: i64,
    /// In which currency it is stated.
    pub stated: Stated,
    /// Stripe's status, in order of time; the first is its creation.
    pub states: Vec<(Time, &'static str)>,
}

/// In which currency a dispute is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated {
    /// In its payment's.
    AsPaid,
    /// In another.
    Abroad {
        /// ISO 4217, lower case.
        currency: &'static str,
        /// Minor units of the whole charge in it, where a balance transaction tells them.
        all: Option<i64>,
    },
}

/// What a dispute's last status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet, or nothing any more.
    Nothing,
    /// Its share is held.
    Open,
    /// Its share is gone.
    Lost,
}

impl Dispute {
    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.states.last().map(|(_, status)| *status) {
            Some("needs_response" | "under_review") => Standing::Open,
            Some("lost") => Standing::Lost,
            _ => Standing::Nothing,
        }
    }
}
