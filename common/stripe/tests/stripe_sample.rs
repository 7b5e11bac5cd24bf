//! The sample events are what they claim to be: readable, distinct, and of a real event's size.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::fact::{FactBody, SessionMode, SessionPaymentStatus};
use domain::ids::Mode;
use std::collections::BTreeSet;
use stripe::event::{Outcome, Reading, read};
use stripe::metadata::MetadataKeys;
use stripe::sample::{Sample, Version};

fn sample(number: u64, version: Version) -> Sample {
    Sample::new(number, version, "2026-06-01T12:00:00Z".parse().unwrap())
}

fn all_events(sample: &Sample) -> Vec<String> {
    vec![
        sample.customer_created(),
        sample.customer_updated(),
        sample.customer_deleted(),
        sample.subscription_created(),
        sample.subscription_updated(),
        sample.subscription_deleted(),
        sample.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Unpaid),
        sample.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid),
        sample.checkout_session_completed(SessionMode::Setup, SessionPaymentStatus::NoPaymentRequired),
        sample.checkout_session_async_payment_succeeded(),
        sample.invoice_paid(),
        sample.invoice_payment_succeeded(),
        sample.invoice_payment_paid(),
        sample.payment_intent_succeeded(),
        sample.charge_succeeded(),
        sample.charge_refunded(),
        sample.refund_created("pending"),
        sample.refund_updated("succeeded"),
        sample.refund_failed(),
        sample.dispute_created("needs_response"),
        sample.dispute_closed("lost"),
    ]
}

fn reading(body: &str) -> Reading {
    read(body.as_bytes(), Mode::Test, &MetadataKeys::default(), chrono::DateTime::UNIX_EPOCH).unwrap()
}

#[test]
fn every_sample_of_every_version_tells_facts() {
    for version in Version::ALL {
        for body in all_events(&sample(1, version)) {
            let reading = reading(&body);
            assert_eq!(reading.api_version.as_deref(), Some(version.as_str()));
            assert!(matches!(reading.outcome, Outcome::Facts { .. }), "{version:?} {body}");
        }
    }
}

#[test]
fn event_ids_never_repeat() {
    let events = |number| all_events(&sample(number, Version::Dahlia));
    let ids: Vec<String> =
        [events(1), events(2)].concat().iter().map(|body| reading(body).event_id).collect();
    // The two sessions in one sample are one object: only their content differs.
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len() - 4);
}

#[test]
fn money_bodies_have_the_size_of_real_ones() {
    for version in Version::ALL {
        let sample = sample(3, version);
        let session = sample.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid);
        for body in
            [session, sample.invoice_paid(), sample.charge_refunded(), sample.payment_intent_succeeded()]
        {
            assert!((1_500..9_000).contains(&body.len()), "{version:?}: {} bytes\n{body}", body.len());
        }
    }
}

#[test]
fn the_sums_of_a_sample_arrive_in_its_facts() {
    for version in Version::ALL {
        let sample = Sample { discount: 900, tax: 760, shipping: 500, ..sample(4, version) };
        let Outcome::Facts { facts, .. } = reading(&sample.invoice_paid()).outcome else { unreachable!() };
        let invoice = facts.iter().find_map(|fact| match &fact.body {
            FactBody::Invoice(invoice) => Some(invoice),
            _ => None,
        });
        let invoice = invoice.unwrap();
        let sums = (invoice.amount_paid, invoice.total, invoice.total_excluding_tax, invoice.shipping);
        assert_eq!(sums, (5_260, 5_260, 4_500, 500), "{version:?}");
    }
}
