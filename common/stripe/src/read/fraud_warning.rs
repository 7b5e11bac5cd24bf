//! Early fraud warnings.

use crate::json::{BadField, Moment, Ref, Text, filled, parse, required};
use crate::telling::{Telling, links};
use domain::fact::{FactBody, FraudWarningSeen};
use domain::key::KeyKind;
use serde::Deserialize;

/// A warning; it stops being actionable when its charge is refunded or disputed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EarlyFraudWarning {
    id: Option<Text>,
    charge: Ref,
    payment_intent: Ref,
    actionable: Option<bool>,
    fraud_type: Option<Text>,
    created: Option<Moment>,
}

/// Tells a warning as it stands.
pub(super) fn tell(json: &[u8], telling: &mut Telling<'_>) -> Result<(), BadField> {
    let warning: EarlyFraudWarning = parse(json)?;
    let name = telling.name(required(filled(warning.id.as_ref()), "id")?);
    let body = FraudWarningSeen {
        warning: name.clone(),
        charge: telling.key_of(KeyKind::Charge, &warning.charge),
        payment_intent: telling.key_of(KeyKind::PaymentIntent, &warning.payment_intent),
        actionable: required(warning.actionable, "actionable")?,
        fraud_type: filled(warning.fraud_type.as_ref()).map(str::to_owned),
        created: warning.created.map_or(telling.at, |Moment(created)| created),
    };
    telling.miss_invoice_of(body.payment_intent.as_ref());
    let links = links([body.payment_intent.clone(), body.charge.clone()]);
    let rank = i64::from(!body.actionable);
    telling.tell_latest(format!("fraud_warning:{name}"), rank, links, FactBody::FraudWarning(body));
    Ok(())
}
