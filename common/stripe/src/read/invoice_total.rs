//! The sums of an invoice.

use super::invoice::Invoice;
use super::tax::{ShippingCost, Tax};
use crate::json::{BadField, required};

/// What an invoice adds up to, in minor units.
impl Invoice {
    /// What was collected. An invoice that was settled out of band counts as paid: since 2025-03-31
    /// Stripe includes it in `amount_paid`, and an older version must not say something else.
    pub(super) fn paid(&self) -> Result<i64, BadField> {
        let paid = required(self.amount_paid, "amount_paid")?;
        let out_of_band = self.paid_out_of_band == Some(true) && paid == 0;
        Ok(if out_of_band { self.amount_due.unwrap_or(0) } else { paid })
    }

    /// Everything included.
    pub(super) fn total(&self) -> Result<i64, BadField> {
        required(self.total, "total")
    }

    /// Without tax, which stands in `total_taxes` since 2025-03-31, in `total_tax_amounts` before, and
    /// in `tax` on the oldest.
    pub(super) fn total_excluding_tax(&self) -> Result<i64, BadField> {
        if let Some(net) = self.total_excluding_tax {
            return Ok(net);
        }
        let listed =
            [&self.total_taxes, &self.total_tax_amounts].into_iter().find(|taxes| !taxes.data.is_empty());
        let tax = match listed {
            Some(taxes) => taxes.iter().map(Tax::amount).fold(0, i64::saturating_add),
            None => self.tax.unwrap_or(0),
        };
        Ok(self.total()?.saturating_sub(tax))
    }

    /// Shipping without its tax.
    pub(super) fn shipping(&self) -> i64 {
        ShippingCost::without_tax(self.shipping_cost.as_ref(), self.amount_shipping)
    }
}
