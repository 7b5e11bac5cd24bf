//! Invoice payments: since 2025-05-28 the one event that says which payment settled which invoice.

use crate::stripe::json::{BadField, Ref, parse};
use crate::stripe::telling::Telling;
use serde::Deserialize;

/// A payment of an invoice. One that was made out of band names neither payment intent nor charge.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InvoicePayment {
    invoice: Ref,
    payment: Option<Payment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payment {
    payment_intent: Ref,
    charge: Ref,
}

/// Tells which invoice a payment intent or a charge belongs to.
pub(in crate::stripe) fn tell(json: &[u8], telling: &mut Telling<'_>) -> Result<(), BadField> {
    let paid: InvoicePayment = parse(json)?;
    let invoice = telling.key_of(&paid.invoice);
    let payment = paid.payment.unwrap_or_default();
    let objects = [invoice, telling.key_of(&payment.payment_intent), telling.key_of(&payment.charge)];
    telling.tell_alias(objects, None, false);
    Ok(())
}
