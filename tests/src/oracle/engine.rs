//! The engine's opinion: events read as the worker reads them, kept as the store keeps them, folded.

pub mod growing;
mod registry;

pub(super) use registry::{commission, rules};

use super::model::History;
use super::render::{Numbers, Told};
use super::verdict::{BindVerdict, PaymentVerdict, Verdicts};
use chrono::{DateTime, Utc};
use common::intake;
use domain::ids::{Mode, ProjectId, Realm};
use domain::settle::{Bind, Conversion, KnownFact, Settlement, settle};
use std::collections::BTreeMap;
use stripe::metadata::MetadataKeys;

/// The realm in which histories without a store happen.
const REALM: Realm = Realm { project: ProjectId(1), mode: Mode::Test };

/// The facts of some events, each as often as it is delivered.
///
/// # Panics
/// When an event cannot be read.
#[must_use]
pub fn facts(told: &Told) -> Vec<KnownFact> {
    let received_at = DateTime::from_timestamp(told.received, 0).unwrap();
    let read = intake::read(told.source, told.body.as_bytes(), REALM, received_at, &MetadataKeys::default());
    let read = read.unwrap_or_else(|error| panic!("{error}: {}", told.body));
    read.facts.into_iter().map(|fact| KnownFact::new(fact, received_at)).collect()
}

/// What the engine makes of facts delivered in this order.
///
/// # Panics
/// When they cannot be folded.
#[must_use]
pub fn judge<'a>(history: &History, delivered: impl IntoIterator<Item = &'a KnownFact>) -> Verdicts {
    let kept = keep(delivered);
    let numbers = Numbers::plain(history);
    let directory = registry::directory(&history.world, &numbers);
    let settlement = settle(&kept, &registry::versions(&history.world, &numbers), &directory).unwrap();
    verdicts(&settlement)
}

/// One fact per natural key, whichever comes first, and every version of what has some.
fn keep<'a>(delivered: impl IntoIterator<Item = &'a KnownFact>) -> Vec<KnownFact> {
    let mut kept: BTreeMap<(&str, Option<&str>), KnownFact> = BTreeMap::new();
    for known in delivered {
        let version = known.fact.has_versions().then_some(known.fact.event.as_str());
        match kept.get_mut(&(known.fact.natural_key.as_str(), version)) {
            Some(standing) => standing.meet(known),
            None => {
                kept.insert((&known.fact.natural_key, version), known.clone());
            }
        }
    }
    kept.into_values().collect()
}

fn verdicts(settlement: &Settlement) -> Verdicts {
    let payments = settlement.conversions.iter().map(|conversion| {
        let verdict = PaymentVerdict {
            customer: conversion.customer.as_ref().map(|key| key.as_str().to_owned()),
            affiliate: conversion.bind.as_ref().map(|bind| bind.affiliate.0),
            status: conversion.status.as_str(),
            currency: conversion.currency.as_str().to_owned(),
            base: conversion.base,
            earned: conversion.commission,
            taken_back: conversion.clawed_back,
            held: conversion.held,
            left: left(conversion),
            release: conversion.release_at.as_ref().map(DateTime::<Utc>::timestamp),
        };
        (conversion.payment.as_str().to_owned(), verdict)
    });
    let customers = settlement
        .customers
        .iter()
        .map(|customer| (customer.anchor.as_str().to_owned(), customer.bind.as_ref().map(bind_verdict)));
    Verdicts { payments: payments.collect(), customers: customers.collect() }
}

/// Of several words that it was paid, the one that says most.
fn left(conversion: &Conversion) -> BTreeMap<i64, i64> {
    let mut left = BTreeMap::new();
    for said in conversion.said_paid.iter().filter(|said| said.minor > 0) {
        if let Some(affiliate) = said.affiliate {
            let most: &mut i64 = left.entry(affiliate.0).or_default();
            *most = (*most).max(said.minor);
        }
    }
    left
}

fn bind_verdict(bind: &Bind) -> BindVerdict {
    let method = serde_json::to_value(bind.method).unwrap();
    BindVerdict {
        affiliate: bind.affiliate.0,
        method: method.as_str().unwrap_or_default().to_owned(),
        since: bind.bound_at.timestamp(),
    }
}
