//! Addresses, and how much each says of who the customer is.

use super::FactBody;
use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
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
        let evidence = [AddressEvidence::Buyer, AddressEvidence::Receipt, AddressEvidence::Payer];
        let told = self.emails().into_iter().zip(evidence);
        told.filter_map(|(email, evidence)| Some(Address { email: email?, evidence })).collect()
    }
}

impl Kind for AddressSeen {
    fn name(&self) -> &'static str {
        "address"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::Always
    }

    fn in_words(&self) -> String {
        format!("customer {} has the address {}", self.customer, self.email)
    }

    fn emails(&self) -> [Option<&str>; 3] {
        [Some(&self.email), None, None]
    }
}
