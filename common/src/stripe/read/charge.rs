//! Charges: what was refunded in all, and which payment a charge belongs to.

use super::refund::Refund;
use crate::domain::fact::{ChargeRefunded, FactBody, TouchedObject};
use crate::domain::key::Key;
use crate::stripe::json::{BadField, Items, Ref, Text, filled, parse, required};
use crate::stripe::metadata::Metadata;
use crate::stripe::telling::{Telling, Touched, links};
use serde::{Deserialize, Deserializer};

/// A charge. Since 2022-11-15 its refunds are not in it, since 2025-03-31 its invoice is not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Charge {
    id: Option<Text>,
    payment_intent: Ref,
    /// None when this version does not say; `Ref::None` when it says that there is none.
    #[serde(deserialize_with = "even_null")]
    invoice: Option<Ref>,
    customer: Ref,
    currency: Option<Text>,
    amount_refunded: Option<i64>,
    metadata: Metadata,
    refunds: Items<Refund>,
}

/// Tells a charge apart from its money: that is an invoice's or a session's to tell.
pub(super) fn tell(json: &[u8], telling: &mut Telling<'_>) -> Result<(), BadField> {
    let charge: Charge = parse(json)?;
    let key = telling.key(required(filled(charge.id.as_ref()), "id")?);
    if telling.event_type == "charge.refunded" {
        tell_refunded(&key, &charge, telling)?;
    } else {
        let touched = Touched { on: TouchedObject::Charge, object: &key, customer: None, at: telling.at };
        telling.touch_metadata(&touched, &charge.metadata);
    }
    let payment_intent = telling.key_of(&charge.payment_intent);
    let invoice = charge.invoice.as_ref().and_then(|invoice| telling.key_of(invoice));
    let customer = telling.key_of(&charge.customer);
    telling.tell_alias([invoice, payment_intent, Some(key)], customer, charge.metadata.forbids_commission());
    Ok(())
}

fn tell_refunded(key: &Key, charge: &Charge, telling: &mut Telling<'_>) -> Result<(), BadField> {
    let body = ChargeRefunded {
        charge: key.clone(),
        payment_intent: telling.key_of(&charge.payment_intent),
        invoice: charge.invoice.as_ref().and_then(|invoice| telling.key_of(invoice)),
        amount_refunded: required(charge.amount_refunded, "amount_refunded")?,
        currency: required(filled(charge.currency.as_ref()), "currency")?.to_lowercase(),
    };
    for (index, refund) in charge.refunds.iter().enumerate() {
        refund.tell(telling).map_err(|bad| bad.within(&format!("refunds.data[{index}]")))?;
    }
    if charge.invoice.is_none() {
        telling.miss_invoice_of(body.payment_intent.as_ref());
    }
    let links = links([
        body.invoice.clone(),
        body.payment_intent.clone(),
        Some(key.clone()),
        telling.key_of(&charge.customer),
    ]);
    let rank = body.amount_refunded;
    telling.tell_last(format!("charge_refunded:{key}"), rank, links, FactBody::ChargeRefunded(body));
    Ok(())
}

fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Ref>, D::Error> {
    Ref::deserialize(deserializer).map(Some)
}
