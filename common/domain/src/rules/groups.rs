//! What a rule may ask for: what was sold, or who sold it.

use super::Commission;
use crate::fact::InvoiceLine;
use crate::ids::AffiliateId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A product, a price, or several of them under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// What it is called in explanations.
    pub name: String,
    /// `prod_…`
    #[serde(default)]
    pub products: BTreeSet<String>,
    /// `price_…`, or `plan_…` of old.
    #[serde(default)]
    pub prices: BTreeSet<String>,
    /// What a line of it earns.
    pub commission: Commission,
}

impl Category {
    /// Whether the line sells something of it.
    #[must_use]
    pub fn has(&self, line: &InvoiceLine) -> bool {
        let product = line.product.as_ref().is_some_and(|product| self.products.contains(product));
        product || line.price.as_ref().is_some_and(|price| self.prices.contains(price))
    }
}

/// Some affiliates under one name: a group or a tier. That they belong to it is part of the version of
/// the rules, so that a later change does not reach back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// What it is called in explanations.
    pub name: String,
    /// Who belongs to it.
    #[serde(default)]
    pub affiliates: BTreeSet<AffiliateId>,
    /// What a payment earns them.
    pub commission: Commission,
}
