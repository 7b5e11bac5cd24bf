//! Invoice payments: since 2025-05-28 the one event that says which payment settled which invoice.

use crate::json::{BadField, Items, Moment, Ref, Text, parse};
use crate::telling::Telling;
use domain::ids::Mode;
use domain::key::KeyKind;
use serde::Deserialize;

/// A payment of an invoice. One that was made out of band names neither payment intent nor charge.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InvoicePayment {
    invoice: Ref,
    payment: Option<Payment>,
    status: Option<Text>,
    created: Option<Moment>,
    livemode: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payment {
    payment_intent: Ref,
    charge: Ref,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InvoicePayments {
    data: Items<InvoicePayment>,
}

/// Tells which invoice a payment intent or a charge belongs to.
pub(super) fn tell(json: &[u8], telling: &mut Telling<'_>) -> Result<(), BadField> {
    let paid: InvoicePayment = parse(json)?;
    paid.tell(telling);
    Ok(())
}

/// Tells the same of a fetched list, at the time at which each payment was made.
pub(crate) fn tell_fetched(json: &[u8], mode: Mode, telling: &mut Telling<'_>) -> Result<(), BadField> {
    let payments: InvoicePayments = parse(json)?;
    for payment in payments.data.iter().filter(|payment| payment.is_paid_in(mode)) {
        telling.at = payment.created.map_or(telling.at, |Moment(created)| created);
        payment.tell(telling);
    }
    Ok(())
}

impl InvoicePayment {
    fn tell(&self, telling: &mut Telling<'_>) {
        let none = Payment::default();
        let payment = self.payment.as_ref().unwrap_or(&none);
        let objects = [
            telling.key_of(KeyKind::Invoice, &self.invoice),
            telling.key_of(KeyKind::PaymentIntent, &payment.payment_intent),
            telling.key_of(KeyKind::Charge, &payment.charge),
        ];
        telling.tell_alias(objects, None, false);
    }

    fn is_paid_in(&self, mode: Mode) -> bool {
        self.status.as_deref() == Some("paid") && self.livemode.is_none_or(|live| live == mode.is_live())
    }
}
