//! Payment intents: a link and a code, never money. Whether one is a payment of its own or an
//! invoice's, only the invoice or the session knows.

use crate::domain::fact::TouchedObject;
use crate::stripe::json::{BadField, Items, Ref, Text, filled, parse, required};
use crate::stripe::metadata::Metadata;
use crate::stripe::telling::{Telling, Touched};
use serde::Deserialize;

/// A payment intent. Before 2022-11-15 its charges are a list; until 2025-03-31 it names its invoice.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PaymentIntent {
    id: Option<Text>,
    latest_charge: Ref,
    charges: Items<SucceededCharge>,
    invoice: Ref,
    customer: Ref,
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SucceededCharge {
    id: Option<Text>,
    paid: Option<bool>,
}

/// Tells which payment the intent belongs to, and the code in its metadata.
pub(super) fn tell(json: &[u8], telling: &mut Telling<'_>) -> Result<(), BadField> {
    let intent: PaymentIntent = parse(json)?;
    let key = telling.key(required(filled(intent.id.as_ref()), "id")?);
    let touched = Touched { on: TouchedObject::PaymentIntent, object: &key, customer: None, at: telling.at };
    telling.touch_metadata(&touched, &intent.metadata);

    let paid = intent.charges.iter().find(|charge| charge.paid == Some(true));
    let charge = intent.latest_charge.id().or_else(|| paid.and_then(|charge| filled(charge.id.as_ref())));
    let charge = charge.map(|id| telling.key(id));
    let objects = [telling.key_of(&intent.invoice), Some(key), charge];
    let customer = telling.key_of(&intent.customer);
    telling.tell_alias(objects, customer, intent.metadata.forbids_commission());
    Ok(())
}
