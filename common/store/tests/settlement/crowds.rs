//! Many people who share an address are settled each by themselves, and come to what all of their facts do.

use crate::support::{comes_to_the_same_again, project, reads_of, sale, settle};
use chrono::TimeDelta;
use domain::fact::{SessionMode, SessionPaymentStatus};
use store::PgPool;
use stripe::sample::Sample;

/// Far more than make a crowd.
const PEOPLE: u64 = 30;

/// The `number`th of those who share an address, a day after the one before. Every third was sent by Anna.
fn person(number: u64) -> Sample {
    let sample = sale(number);
    let at = sample.at + TimeDelta::days(i64::try_from(number).unwrap());
    let metadata = if number.is_multiple_of(3) { sample.metadata.clone() } else { Vec::new() };
    Sample {
        at,
        created: at,
        email: "shared@example.org".to_owned(),
        metadata: metadata.clone(),
        subscription_metadata: metadata,
        ..sample
    }
}

/// What Stripe tells of them, in an order of its own.
fn told(number: u64) -> Vec<String> {
    let sample = person(number);
    let mut told = match number % 4 {
        0 => vec![sample.customer_created(), sample.payment_intent_succeeded(), sample.invoice_paid()],
        1 => vec![sample.invoice_paid(), sample.payment_intent_succeeded(), sample.invoice_payment_paid()],
        2 => vec![
            sample.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid),
            sample.invoice_paid(),
        ],
        // Known by themselves before they are known by the address.
        _ => vec![sample.subscription_created(), sample.invoice_paid(), sample.charge_succeeded()],
    };
    if number.is_multiple_of(5) {
        told.push(person(number / 2).refund_created("succeeded"));
    }
    told
}

async fn count(pool: &PgPool, rows: &'static str) -> i64 {
    sqlx::query_scalar(rows).fetch_one(pool).await.unwrap()
}

const LONG: &str = "SELECT count(*) FROM clusters WHERE past LIKE '{\"crowd\"%'";

#[sqlx::test(migrations = "../../migrations")]
async fn a_crowd_is_what_its_events_come_to_when_they_are_replayed(pool: PgPool) {
    let realm = project(&pool).await;
    let mut from_the_crowd = 0;
    for event in (0..PEOPLE).flat_map(told) {
        settle(&pool, realm, event).await;
        from_the_crowd += count(&pool, LONG).await;
    }
    assert!(from_the_crowd >= 60, "the crowd was kept after {from_the_crowd} events only");
    assert_eq!(count(&pool, "SELECT count(DISTINCT cluster_id) FROM customers").await, 1);
    let unnumbered = "SELECT count(*) FROM facts WHERE part IS NULL AND cluster_id = (SELECT min(cluster_id) FROM customers)";
    assert_eq!(count(&pool, unnumbered).await, 0);
    let nameless = "SELECT count(*) FROM identity_keys WHERE part IS NULL AND key NOT LIKE 'email:%'
                      AND cluster_id = (SELECT min(cluster_id) FROM customers)";
    assert_eq!(count(&pool, nameless).await, 0);
    // Each name leads to its customer, and the address to the first of them.
    let astray = "SELECT count(*) FROM customers c JOIN identity_keys k ON k.key = c.stripe_customer_id WHERE k.customer_id <> c.id";
    assert_eq!(count(&pool, astray).await, 0);
    let people = i64::try_from(PEOPLE).unwrap();
    assert_eq!(count(&pool, "SELECT count(*) FROM customers WHERE NOT retired").await, people);
    let first = "SELECT count(*) FROM identity_keys WHERE key LIKE 'email:%' AND customer_id = (SELECT min(id) FROM customers)";
    assert_eq!(count(&pool, first).await, 1);
    comes_to_the_same_again(&pool, realm).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_guest_who_turns_out_to_be_one_of_a_crowd_leaves_no_customer_behind(pool: PgPool) {
    let realm = project(&pool).await;
    for number in 0..12 {
        settle(&pool, realm, person(number).invoice_paid()).await;
    }
    // A customer of a cluster of their own, who is known by another address alone.
    let guest = Sample { customer: None, email: "other@example.org".to_owned(), ..person(900) };
    settle(&pool, realm, guest.payment_intent_succeeded()).await;
    settle(&pool, realm, guest.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid))
        .await;
    assert_eq!(count(&pool, "SELECT count(*) FROM customers WHERE NOT retired").await, 13);
    // What links them is told of the one payment and of the other.
    let link =
        Sample { payment_intent: guest.payment_intent.clone(), charge: guest.charge.clone(), ..person(5) };
    settle(&pool, realm, link.invoice_payment_paid()).await;
    assert_eq!(count(&pool, "SELECT count(DISTINCT cluster_id) FROM customers").await, 1);
    assert_eq!(count(&pool, LONG).await, 1, "the crowd is kept");
    assert_eq!(count(&pool, "SELECT count(*) FROM customers WHERE NOT retired").await, 12);
    assert_eq!(count(&pool, "SELECT count(*) FROM customers WHERE has_cluster").await, 0);
    let astray =
        "SELECT count(*) FROM identity_keys k JOIN customers c ON c.id = k.customer_id WHERE c.retired";
    assert_eq!(count(&pool, astray).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_next_person_of_a_shared_address_reads_no_other(pool: PgPool) {
    let realm = project(&pool).await;
    let reads = reads_of(&pool, realm, (0..120).map(|number| vec![person(number).invoice_paid()])).await;
    let (tenth, last) = (reads[12], reads[119]);
    assert!(last <= 3 * tenth, "{tenth} rows, then {last}: {reads:?}");
}
