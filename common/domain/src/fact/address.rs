//! Addresses, and how much each says of who the customer is.

use super::FactBody;
use crate::key::Key;
use serde::{Deserialize, Serialize};

/// An address that Stripe has of a customer, as it was first told; the snapshot of the customer has only
/// the latest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSeen {
    /// `cus_…`
    pub customer: Key,
    /// As it was written.
    pub email: String,
}

/// How much an address says of who the customer is; the least says most (SEMANTICS 18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressEvidence {
    /// The buyer gave it, or the merchant has it of them.
    Buyer,
    /// The receipt goes there.
    Receipt,
    /// It is the payment method's: another may pay.
    Payer,
}

/// An address in a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// As it was written.
    pub email: &'a str,
    /// What it says.
    pub evidence: AddressEvidence,
}

impl FactBody {
    /// The addresses that the fact carries, the one that says most first.
    #[must_use]
    pub fn addresses(&self) -> Vec<Address<'_>> {
        let (buyer, receipt, payer) = match self {
            Self::Customer(customer) => (customer.email.as_deref(), None, None),
            Self::Address(address) => (Some(address.email.as_str()), None, None),
            Self::Session(session) => (session.email.as_deref(), None, None),
            Self::Invoice(invoice) => (invoice.email.as_deref(), None, None),
            Self::Posted(posted) => (posted.conversion.who.email.as_deref(), None, None),
            Self::Referral(referral) => (referral.who.email.as_deref(), None, None),
            Self::Intent(intent) => (None, intent.email.as_deref(), intent.billing_email.as_deref()),
            Self::Charge(charge) => (None, charge.email.as_deref(), charge.billing_email.as_deref()),
            Self::Subscription(_)
            | Self::Alias(_)
            | Self::Apart(_)
            | Self::Touch(_)
            | Self::Refund(_)
            | Self::ChargeRefunded(_)
            | Self::Balance(_)
            | Self::Dispute(_)
            | Self::InvoiceLines(_)
            | Self::CreditNote(_)
            | Self::FraudWarning(_)
            | Self::CommissionFlag(_)
            | Self::Lock(_)
            | Self::Verdict(_) => (None, None, None),
        };
        let told = [
            (buyer, AddressEvidence::Buyer),
            (receipt, AddressEvidence::Receipt),
            (payer, AddressEvidence::Payer),
        ];
        told.into_iter().filter_map(|(email, evidence)| Some(Address { email: email?, evidence })).collect()
    }
}
