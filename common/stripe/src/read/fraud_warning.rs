//! Early fraud warnings.

use crate::collector::{FactCollector, identities};
use crate::json::{BadField, Ref, Text, UnixTime, filled, parse, required};
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
    created: Option<UnixTime>,
}

/// Reads a warning as it stands.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let warning: EarlyFraudWarning = parse(json)?;
    let name = collector.name(required(filled(warning.id.as_ref()), "id")?);
    let body = FraudWarningSeen {
        warning: name.clone(),
        charge: collector.key_of(KeyKind::Charge, &warning.charge),
        payment_intent: collector.key_of(KeyKind::PaymentIntent, &warning.payment_intent),
        actionable: required(warning.actionable, "actionable")?,
        fraud_type: filled(warning.fraud_type.as_ref()).map(str::to_owned),
        created: warning.created.map_or(collector.at, |UnixTime(created)| created),
    };
    collector.miss_invoice_of(body.payment_intent.as_ref());
    let identities = identities([body.payment_intent.clone(), body.charge.clone()]);
    let rank = i64::from(!body.actionable);
    collector.add_latest(format!("fraud_warning:{name}"), rank, identities, FactBody::FraudWarning(body));
    Ok(())
}
