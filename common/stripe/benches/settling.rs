//! What one event costs without a store: its signature, reading it, and the fold of its customer's facts.
#![expect(clippy::unwrap_used, missing_docs, reason = "a benchmark stops at the first surprise; its macros make functions")]

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use domain::directory::Directory;
use domain::ids::{Mode, RuleId};
use domain::money::BasisPoints;
use domain::rules::{Commission, RuleVersion, Rules};
use domain::settle::{KnownFact, LONG, Touched, concerns_a_payment, settle, settle_all};
use std::collections::BTreeMap;
use std::hint::black_box;
use stripe::event::{Outcome, read};
use stripe::metadata::MetadataKeys;
use stripe::sample::{Sample, Version};
use stripe::signature;

const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

fn begins() -> DateTime<Utc> {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// The `payment`th invoice of one customer.
fn invoice(payment: u64) -> String {
    let (first, own) = (Sample::new(1, Version::Dahlia, begins()), Sample::new(1_000 + payment, Version::Dahlia, begins()));
    let at = begins() + TimeDelta::hours(i64::try_from(payment).unwrap());
    Sample { at, invoice: own.invoice, payment_intent: own.payment_intent, charge: own.charge, ..first }.invoice_paid()
}

fn facts_of(body: &str) -> Vec<KnownFact> {
    let reading = read(body.as_bytes(), Mode::Test, &MetadataKeys::default(), begins()).unwrap();
    let Outcome::Facts { facts, .. } = reading.outcome else { return Vec::new() };
    facts.into_iter().map(|fact| KnownFact { fact, received_at: begins() }).collect()
}

fn signatures(criterion: &mut Criterion) {
    let body = invoice(0);
    let header = signature::sign(SECRET, begins(), body.as_bytes());
    criterion.bench_function("signature of an event", |bencher| {
        bencher.iter(|| signature::verify(black_box(&header), black_box(body.as_bytes()), &[SECRET], begins()).is_ok());
    });
}

fn reading(criterion: &mut Criterion) {
    let body = invoice(0);
    criterion.bench_function("reading an invoice", |bencher| bencher.iter(|| facts_of(black_box(&body))));
}

fn folds(criterion: &mut Criterion) {
    let rules = [RuleVersion {
        id: RuleId(1),
        valid_from: None,
        rules: Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) }),
    }];
    let directory = Directory::default();
    let mut group = criterion.benchmark_group("fold of facts");
    group.sample_size(10);
    for number in [1, 100, 10_000] {
        let facts: Vec<KnownFact> = (0..number).flat_map(|payment| facts_of(&invoice(payment))).collect();
        group.bench_with_input(BenchmarkId::from_parameter(facts.len()), &facts, |bencher, facts| {
            bencher.iter(|| settle(black_box(facts), &rules, &directory).unwrap());
        });
        let Some(past) = settle_all(&facts, &rules, &directory, LONG).unwrap().1 else { continue };
        let before: Vec<KnownFact> = facts.iter().filter(|known| !concerns_a_payment(&known.fact)).cloned().collect();
        let mut after = before.clone();
        after.extend(facts_of(&invoice(number)));
        let ordinals = BTreeMap::new();
        group.bench_function(BenchmarkId::new("one more after", facts.len()), |bencher| {
            let touched = Touched { before: &before, after: &after, ordinals: &ordinals };
            bencher.iter(|| assert!(past.next(black_box(touched), &rules, &directory).unwrap().is_some()));
        });
    }
    group.finish();
}

criterion_group!(benches, signatures, reading, folds);
criterion_main!(benches);
