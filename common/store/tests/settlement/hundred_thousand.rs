//! A history of 100,000 payments, and how long it takes to settle, to try other rules on, and to build
//! again. For people, by hand; add `--release` for the figures of the program as it ships:
//!
//! ```text
//! cargo nextest run -p common --run-ignored only --no-capture hundred_thousand
//! ```
//!
//! `PAYMENTS` in the environment asks for another number, `RULES` for a file of rules in their stored
//! form to be tried; by default those rate every line.

use crate::support::{item, project, sale};
use chrono::{Duration, Months};
use common::intake;
use domain::ids::Realm;
use domain::rules::Rules;
use queue::envelope::Source;
use serde_json::json;
use std::io::{Write, stderr};
use std::time::Instant;
use store::settlement::{Item, StoredEvent, replay, settle_batch, simulate};
use store::{PgPool, digest, overview};
use stripe::metadata::MetadataKeys;

/// Invoices of one customer, a month apart.
const INVOICES: u64 = 5;
/// Events of one batch, as the worker takes them.
const BATCH: usize = 500;
/// One payment in so many is refunded in part.
const REFUNDED: u64 = 10;

fn payments() -> u64 {
    std::env::var("PAYMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

/// A customer of Anna's, invoiced month after month.
fn customer(realm: Realm, number: u64) -> impl Iterator<Item = Item> {
    let first = sale(number * INVOICES);
    let created = item(realm, first.customer_created());
    let invoices = (0..INVOICES).flat_map(move |n| {
        let own = sale(number * INVOICES + n);
        let at = first.at + Months::new(u32::try_from(n).unwrap()) + Duration::seconds(60);
        let mut sample = first.clone();
        (sample.invoice, sample.payment_intent) = (own.invoice, own.payment_intent);
        (sample.charge, sample.refund, sample.at) = (own.charge, own.refund, at);
        sample.subtotal = 1_000 + i64::try_from(n * 100 + number % 997).unwrap();
        let refund = (number * INVOICES + n).is_multiple_of(REFUNDED).then(|| {
            sample.refund_amount = 500;
            [sample.invoice_payment_paid(), sample.refund_created("succeeded")]
        });
        [sample.invoice_paid()].into_iter().chain(refund.into_iter().flatten())
    });
    [created].into_iter().chain(invoices.map(move |body| item(realm, body)))
}

fn say(what: &str, since: Instant) {
    let _ = writeln!(stderr(), "{what:<32} {:>8.2} s", since.elapsed().as_secs_f64());
}

fn by_line() -> Rules {
    let stored = std::env::var("RULES").ok().map(|path| std::fs::read_to_string(path).unwrap());
    let by_line = json!({
        "commission": {"kind": "percent", "basis_points": 2_500}, "max_months": 3,
        "products": [{"name": "Books", "products": ["prod_1"],
                      "commission": {"kind": "percent", "basis_points": 1_000}}]
    });
    stored.map_or_else(
        || serde_json::from_value(by_line).unwrap(),
        |stored| serde_json::from_str(&stored).unwrap(),
    )
}

#[sqlx::test(migrations = "../../migrations")]
#[ignore = "takes minutes; run it by hand"]
async fn hundred_thousand_payments_are_settled_simulated_and_replayed(pool: PgPool) {
    let realm = project(&pool).await;
    let customers = payments() / INVOICES;
    let began = Instant::now();
    let mut batch = Vec::new();
    for number in 0..customers {
        batch.extend(customer(realm, number));
        if batch.len() >= BATCH || number + 1 == customers {
            let mut transaction = pool.begin().await.unwrap();
            settle_batch(&mut transaction, &batch).await.unwrap();
            transaction.commit().await.unwrap();
            batch.clear();
        }
    }
    say("settled in batches", began);

    let mut connection = pool.acquire().await.unwrap();
    let began = Instant::now();
    let before = digest::of(&mut connection, Some(realm.project)).await.unwrap();
    say("digest", began);

    let began = Instant::now();
    let rules = by_line();
    let tried = simulate(&mut connection, realm, &rules, |_, _| ()).await.unwrap();
    say("simulate", began);
    let standing = overview::earned(&mut connection, realm).await.unwrap();
    assert_eq!(tried.keys().collect::<Vec<_>>(), standing.keys().collect::<Vec<_>>());
    assert_ne!(tried, standing);
    assert_eq!(digest::of(&mut connection, Some(realm.project)).await.unwrap(), before);
    drop(connection);

    let began = Instant::now();
    let mut transaction = pool.begin().await.unwrap();
    let read = |event: &StoredEvent| {
        let source = Source::parse(&event.source).unwrap();
        Ok(intake::read(source, &event.body, realm, event.received_at, &MetadataKeys::default())
            .unwrap()
            .facts)
    };
    let mut read_at = None;
    let replayed = replay(&mut transaction, realm, None, read, |done| {
        if done.clusters == 0 {
            read_at = Some(Instant::now());
        }
    })
    .await
    .unwrap();
    say("replay", began);
    let _ = writeln!(stderr(), "  of which reading {:?}", read_at.map(|at| at - began));
    assert_eq!((replayed.entries, replayed.conversions), (0, 0));
    assert_eq!(digest::of(&mut transaction, Some(realm.project)).await.unwrap(), before);
    let began = Instant::now();
    transaction.commit().await.unwrap();
    say("commit", began);
}
