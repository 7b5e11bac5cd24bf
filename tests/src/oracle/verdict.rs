//! What is compared: who earns what of each payment, and who is bound to whom.

use std::collections::BTreeMap;

/// All that a history comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// By payment key.
    pub payments: BTreeMap<String, PaymentVerdict>,
    /// By the customer's best name: Stripe's id, else the company's, else the address, else an object.
    pub customers: BTreeMap<String, Option<BindVerdict>>,
}

/// What a payment comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentVerdict {
    /// The customer's best name.
    pub customer: Option<String>,
    /// Who earns.
    pub affiliate: Option<i64>,
    /// The API's status.
    pub status: &'static str,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Minor units of the base.
    pub base: i64,
    /// Minor units first earned.
    pub earned: i64,
    /// Minor units taken back.
    pub taken_back: i64,
    /// Minor units held.
    pub held: i64,
    /// Minor units that had left when it was last said to be paid, by affiliate.
    pub left: BTreeMap<i64, i64>,
    /// Unix seconds of the release, when somebody earns.
    pub release: Option<i64>,
}

/// Whom a customer is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindVerdict {
    /// The affiliate.
    pub affiliate: i64,
    /// How: the method's name in the API.
    pub method: String,
    /// Unix seconds.
    pub since: i64,
}

impl Verdicts {
    /// Where two opinions part, in words; empty when they agree.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        differ("payment", &self.payments, &other.payments, &mut found);
        differ("customer", &self.customers, &other.customers, &mut found);
        found
    }
}

fn differ<T: std::fmt::Debug + PartialEq>(
    what: &str,
    one: &BTreeMap<String, T>,
    other: &BTreeMap<String, T>,
    found: &mut Vec<String>,
) {
    let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    for name in names {
        let (one, other) = (one.get(name), other.get(name));
        if one != other {
            found.push(format!("{what} {name}:\n  engine {one:?}\n  naive  {other:?}"));
        }
    }
}
