//! Since when a fact is known, and what shows that a customer exists.

use super::{Fact, FactBody};
use chrono::{DateTime, Utc};

impl Fact {
    /// The time from which this event knows of what it tells: the object's own, where it has one, and never later than the
    /// event's.
    #[must_use]
    pub fn told_at(&self) -> DateTime<Utc> {
        let own = match &self.body {
            FactBody::Customer(customer) => customer.created,
            FactBody::Invoice(invoice) => invoice.paid_at,
            FactBody::Intent(intent) => intent.succeeded_at,
            FactBody::Charge(charge) => charge.succeeded_at,
            FactBody::Posted(word) => word.conversion.occurred_at,
            FactBody::Referral(referral) => referral.occurred_at,
            FactBody::Subscription(_)
            | FactBody::Session(_)
            | FactBody::Alias(_)
            | FactBody::Apart(_)
            | FactBody::Touch(_)
            | FactBody::Address(_)
            | FactBody::CommissionFlag(_)
            | FactBody::Refund(_)
            | FactBody::ChargeRefunded(_)
            | FactBody::Balance(_)
            | FactBody::Dispute(_)
            | FactBody::InvoiceLines(_)
            | FactBody::CreditNote(_)
            | FactBody::FraudWarning(_)
            | FactBody::Lock(_)
            | FactBody::Verdict(_) => self.at,
        };
        own.min(self.at)
    }

    /// Whether it shows that a customer exists. Aliases, touches, reversals and decisions alone do not: they wait for what they
    /// belong to.
    #[must_use]
    pub fn shows_a_customer(&self) -> bool {
        match &self.body {
            FactBody::Customer(_)
            | FactBody::Subscription(_)
            | FactBody::Session(_)
            | FactBody::Invoice(_)
            | FactBody::Intent(_)
            | FactBody::Charge(_)
            | FactBody::Posted(_)
            | FactBody::Referral(_) => true,
            FactBody::Alias(_)
            | FactBody::Apart(_)
            | FactBody::Touch(_)
            | FactBody::Address(_)
            | FactBody::CommissionFlag(_)
            | FactBody::Refund(_)
            | FactBody::ChargeRefunded(_)
            | FactBody::Balance(_)
            | FactBody::Dispute(_)
            | FactBody::InvoiceLines(_)
            | FactBody::CreditNote(_)
            | FactBody::FraudWarning(_)
            | FactBody::Lock(_)
            | FactBody::Verdict(_) => false,
        }
    }
}
