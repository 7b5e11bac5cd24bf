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
    /// Minor units without tax, whether the tax was in the price or came on top.
    pub(super) fn without_tax(&self) -> i64 {
        match self.total {
            Some(total) => total.saturating_sub(self.tax.unwrap_or(0)),
            None => self.subtotal.unwrap_or(0),
        }
    }
}
