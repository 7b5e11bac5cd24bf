//! Tax, in the shapes in which Stripe writes it.

use crate::json::Text;
use serde::Deserialize;

/// One tax of an invoice or a line: `tax_behavior` since 2025-03-31, `inclusive` before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tax {
    amount: Option<i64>,
    inclusive: Option<bool>,
    #[serde(rename = "tax_behavior")]
    behavior: Option<Text>,
}

impl Tax {
    /// Minor units.
    pub(super) fn amount(&self) -> i64 {
        self.amount.unwrap_or(0)
    }

    /// Whether the price contains it.
    pub(super) fn is_inclusive(&self) -> bool {
        self.inclusive.unwrap_or_else(|| self.behavior.as_deref() == Some("inclusive"))
    }
}

/// A shipping cost. On invoices and sessions alike.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShippingCost {
    #[serde(rename = "amount_subtotal")]
    subtotal: Option<i64>,
    #[serde(rename = "amount_tax")]
    tax: Option<i64>,
    #[serde(rename = "amount_total")]
    total: Option<i64>,
}

impl ShippingCost {
    /// Minor units without tax, whether the tax was in the price or came on top. Where there is no
    /// shipping cost, or one that says no amount, it is the sum that stands beside it.
    pub(super) fn without_tax(cost: Option<&Self>, sum: Option<i64>) -> i64 {
        let stated = cost.and_then(|cost| match cost.total {
            Some(total) => Some(total.saturating_sub(cost.tax.unwrap_or(0))),
            None => cost.subtotal,
        });
        stated.or(sum).unwrap_or(0)
    }
}
