//! Invoice payments: since 2025-05-28 the one event that says which payment settled which invoice.

use crate::collector::FactCollector;
use crate::json::{BadField, Items, Ref, Text, UnixTime, filled, parse};
use domain::ids::Mode;
use domain::key::{Key, KeyKind};
use serde::Deserialize;

/// A payment of an invoice. One that was made out of band names neither payment intent nor charge.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InvoicePayment {
    invoice: Ref,
    payment: Option<Means>,
    status: Option<Text>,
    created: Option<UnixTime>,
    livemode: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Means {
    #[serde(rename = "type")]
    kind: Option<Text>,
    payment_intent: Ref,
    charge: Ref,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InvoicePayments {
    data: Items<InvoicePayment>,
}

/// Reads which invoice a payment intent or a charge belongs to, or that the invoice was paid by other means.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let paid: InvoicePayment = parse(json)?;
    paid.collect(collector);
    Ok(())
}

/// Reads the same of the list that was fetched of a payment intent, at the time at which each payment was
/// made. An empty list is an answer, too: it settled no invoice.
pub(crate) fn read_fetched(
    json: &[u8],
    payment_intent: &Key,
    mode: Mode,
    collector: &mut FactCollector<'_>,
) -> Result<(), BadField> {
    let payments: InvoicePayments = parse(json)?;
    if payments.data.complete && payments.data.data.is_empty() {
        collector.add_apart(payment_intent.clone());
    }
    for payment in payments.data.iter().filter(|payment| payment.is_paid_in(mode)) {
        collector.at = payment.created.map_or(collector.at, |UnixTime(created)| created);
        payment.collect(collector);
    }
    Ok(())
}

impl Means {
    /// A record of money that came by other means than Stripe's, or of a kind of later versions.
    fn is_out_of_band(&self) -> bool {
        filled(self.kind.as_ref()).is_some_and(|kind| !["payment_intent", "charge"].contains(&kind))
    }
}

impl InvoicePayment {
    fn collect(&self, collector: &mut FactCollector<'_>) {
        let none = Means::default();
        let payment = self.payment.as_ref().unwrap_or(&none);
        let objects = [
            collector.key_of(KeyKind::Invoice, &self.invoice),
            collector.key_of(KeyKind::PaymentIntent, &payment.payment_intent),
            collector.key_of(KeyKind::Charge, &payment.charge),
        ];
        match objects {
            [Some(invoice), None, None] if payment.is_out_of_band() => collector.add_apart(invoice),
            objects => collector.add_alias(objects, None, false),
        }
    }

    fn is_paid_in(&self, mode: Mode) -> bool {
        self.status.as_deref() == Some("paid") && self.livemode.is_none_or(|live| live == mode.is_live())
    }
}
