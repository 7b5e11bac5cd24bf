//! Lines of an invoice.

use super::tax::Tax;
use crate::collector::FactCollector;
use crate::discount::{Discount, Discounts};
use crate::json::{BadField, Identified, Items, Ref, Text, filled, parse};
use crate::metadata::Metadata;
use domain::fact::{FactBody, InvoiceLine, InvoiceLines};
use domain::key::Key;
use serde::Deserialize;

/// A line. Since 2025-03-31 price and product stand in `pricing`, the subscription and whether it is a
/// proration in `parent`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    id: Option<Text>,
    amount: Option<i64>,
    amount_excluding_tax: Option<i64>,
    quantity: Option<i64>,
    parent: Option<Parent>,
    pricing: Option<Pricing>,
    price: Ref<Price>,
    plan: Ref<Price>,
    subscription: Ref,
    proration: Option<bool>,
    pub(super) metadata: Metadata,
    taxes: Items<Tax>,
    tax_amounts: Items<Tax>,
    discounts: Items<Ref<Discount>>,
    discount_amounts: Items<DiscountAmount>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parent {
    subscription_item_details: Option<ParentDetails>,
    invoice_item_details: Option<ParentDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ParentDetails {
    proration: Option<bool>,
    subscription: Ref,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pricing {
    price_details: Option<PriceDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PriceDetails {
    price: Ref,
    product: Ref,
}

/// A price, or a plan of old.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Price {
    id: Option<Text>,
    product: Ref,
}

impl Identified for Price {
    fn id(&self) -> Option<&str> {
        filled(self.id.as_ref())
    }
}

/// What one discount took off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DiscountAmount {
    amount: Option<i64>,
    pub(super) discount: Ref<Discount>,
}

/// Reads all lines of an invoice, of which a fetched list does not name it.
pub(crate) fn read_fetched(
    json: &[u8],
    invoice: &Key,
    collector: &mut FactCollector<'_>,
) -> Result<(), BadField> {
    let fetched: Items<Line> = parse(json)?;
    if !fetched.data.is_empty() {
        let body = InvoiceLines {
            invoice: invoice.clone(),
            lines: fetched.iter().map(Line::fact).collect(),
            complete: fetched.complete,
        };
        let identities = vec![invoice.clone()];
        collector.add_latest(format!("invoice_lines:{invoice}"), 0, identities, FactBody::InvoiceLines(body));
    }
    Ok(())
}

impl Line {
    /// The subscription that the line bills.
    pub(super) fn subscription(&self) -> Option<&str> {
        self.details().find_map(|details| details.subscription.id()).or_else(|| self.subscription.id())
    }

    /// Notes the line's discounts.
    pub(super) fn note_discounts(&self, discounts: &mut Discounts) {
        self.discounts.iter().for_each(|discount| discounts.note(discount));
        self.discount_amounts.iter().for_each(|taken| discounts.note(&taken.discount));
    }

    /// The line as a fact has it: its amount without tax and after its discounts, which is its share in
    /// what was collected (SEMANTICS 7).
    pub(super) fn fact(&self) -> InvoiceLine {
        let details = self.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref());
        let price = details
            .and_then(|details| details.price.id())
            .or_else(|| self.price.id())
            .or_else(|| self.plan.id());
        let product = details
            .and_then(|details| details.product.id())
            .or_else(|| self.price.object().and_then(|price| price.product.id()))
            .or_else(|| self.plan.object().and_then(|plan| plan.product.id()));
        InvoiceLine {
            id: filled(self.id.as_ref()).unwrap_or_default().to_owned(),
            amount: self.net_amount(),
            quantity: self.quantity.unwrap_or(1),
            product: product.map(str::to_owned),
            price: price.map(str::to_owned),
            proration: self
                .details()
                .find_map(|details| details.proration)
                .or(self.proration)
                .unwrap_or(false),
        }
    }

    fn net_amount(&self) -> i64 {
        let taxes = if self.taxes.data.is_empty() { &self.tax_amounts } else { &self.taxes };
        let inclusive = taxes.iter().filter(|tax| tax.is_inclusive()).map(Tax::amount);
        let untaxed = self
            .amount_excluding_tax
            .unwrap_or_else(|| inclusive.fold(self.amount.unwrap_or(0), i64::saturating_sub));
        let discounts = self.discount_amounts.iter().map(|taken| taken.amount.unwrap_or(0));
        discounts.fold(untaxed, i64::saturating_sub)
    }

    fn details(&self) -> impl Iterator<Item = &ParentDetails> {
        self.parent
            .iter()
            .flat_map(|parent| {
                [parent.subscription_item_details.as_ref(), parent.invoice_item_details.as_ref()]
            })
            .flatten()
    }
}
