//! Each fixture's object as a list shows it: history tells what the event told, in the shape of any version.

use crate::corpus::{Fixture, all, read_event};
use chrono::{DateTime, TimeDelta};
use domain::fact::Fact;
use domain::ids::Mode;
use domain::provider_code::ProviderCode;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use stripe::event::Outcome;
use stripe::history::List;

/// What events told.
#[derive(Default)]
struct Told {
    facts: Vec<Fact>,
    codes: Vec<ProviderCode>,
}

impl Told {
    fn hear(&mut self, event: &Value, mode: Mode) {
        match read_event(event, mode).unwrap().outcome {
            Outcome::Facts { facts, .. } => self.facts.extend(facts),
            Outcome::Code(code) => self.codes.push(code),
            Outcome::Ignored { .. } => {}
        }
    }

    /// The natural keys, without the events that some name.
    fn keys(&self) -> BTreeSet<String> {
        self.facts.iter().map(|fact| fact.natural_key.replace(&fact.event, "")).collect()
    }
}

fn list_of(fixture: &Fixture) -> Option<List> {
    let kind = fixture.event["data"]["object"]["object"].as_str()?;
    let list = match kind {
        "coupon" => List::Coupons,
        "promotion_code" => List::PromotionCodes,
        "customer" => List::Customers,
        "checkout.session" => List::CheckoutSessions,
        "subscription" => List::Subscriptions,
        "invoice" => List::Invoices,
        "invoice_payment" => List::InvoicePayments,
        "payment_intent" => List::PaymentIntents,
        "charge" => List::Charges,
        "refund" => List::Refunds,
        "dispute" => List::Disputes,
        "credit_note" => List::CreditNotes,
        "radar.early_fraud_warning" => List::FraudWarnings,
        _ => return None,
    };
    Some(list)
}

/// What is not listed (what was deleted, sessions that nobody completed, objects of a connected account), and
/// authorisations, which are no money yet.
fn is_no_history(fixture: &Fixture) -> bool {
    let object = &fixture.event["data"]["object"];
    if fixture.event.get("account").is_some() {
        return true;
    }
    match object["object"].as_str() {
        Some("checkout.session") => object["status"] != "complete",
        Some("charge") => object["captured"] == false,
        Some("customer" | "coupon") => fixture.name.ends_with(".deleted"),
        _ => false,
    }
}

fn told_by_history(fixture: &Fixture, list: List) -> Told {
    let mut object = fixture.event["data"]["object"].clone();
    if object.get("created").is_none() {
        object["created"] = fixture.event["created"].clone();
    }
    let at = DateTime::from_timestamp(fixture.event["created"].as_i64().unwrap(), 0).unwrap();
    let mut told = Told::default();
    for event in list.tell(&object.to_string(), at + TimeDelta::days(1)).unwrap() {
        told.hear(&serde_json::from_slice(&event.body).unwrap(), fixture.mode());
    }
    told
}

#[test]
fn history_tells_what_the_events_of_every_version_told() {
    for fixture in all().iter().filter(|fixture| !is_no_history(fixture)) {
        let Some(list) = list_of(fixture) else { continue };
        let mut by_event = Told::default();
        by_event.hear(&fixture.event, fixture.mode());
        let by_history = told_by_history(fixture, list);
        let (known, told) = (by_event.keys(), by_history.keys());
        let lacks: Vec<_> = known.difference(&told).collect();
        assert!(lacks.is_empty(), "{}/{}: history lacks {lacks:?}", fixture.version, fixture.name);
        let code = by_event.codes.iter().find(|code| !by_history.codes.contains(code));
        assert_eq!(code, None, "{}/{}", fixture.version, fixture.name);
    }
}

#[test]
fn what_changed_its_shape_is_there_in_three_versions_and_more() {
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for fixture in all() {
        if let Some(list) = list_of(&fixture) {
            versions.entry(list.as_str()).or_default().insert(fixture.version);
        }
    }
    for list in ["invoices", "subscriptions", "promotion_codes", "charges", "refunds", "checkout_sessions"] {
        let of = &versions[list];
        assert!(of.len() >= 3, "{list} in {of:?}");
    }
}
