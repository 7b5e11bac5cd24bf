//! Histories that are settled from what is kept of their past come to what all of their facts do.

use crate::support::{comes_to_the_same_again, item, project, reads_of, sale, settle};
use chrono::TimeDelta;
use domain::fact::{SessionMode, SessionPaymentStatus};
use store::PgPool;
use store::settlement::settle_batch;
use stripe::sample::{Sample, Version};

/// Far more than make a history long.
const PAYMENTS: u64 = 24;

/// The `payment`th payment of the customer whom Anna sent, a day after the one before.
fn payment(payment: u64) -> Sample {
    let first = sale(1);
    let own = Sample::new(1_000 + payment, Version::Dahlia, first.at);
    let at = first.at + TimeDelta::days(i64::try_from(payment).unwrap());
    Sample {
        at,
        invoice: own.invoice,
        payment_intent: own.payment_intent,
        charge: own.charge,
        refund: own.refund,
        dispute: own.dispute,
        revision: u32::try_from(payment).unwrap(),
        ..first
    }
}

/// What Stripe tells of it, in an order of its own.
fn told(number: u64) -> Vec<String> {
    let sample = payment(number);
    let mut told = match number % 4 {
        0 => vec![sample.invoice_paid(), sample.payment_intent_succeeded(), sample.invoice_payment_paid()],
        1 => vec![sample.payment_intent_succeeded(), sample.invoice_paid(), sample.invoice_payment_paid()],
        2 => vec![sample.invoice_payment_paid(), sample.invoice_paid(), sample.charge_succeeded()],
        _ => vec![sample.invoice_paid()],
    };
    if number.is_multiple_of(5) {
        told.push(sample.refund_created("succeeded"));
    }
    if number.is_multiple_of(7) {
        told.push(payment(number / 2).refund_created("succeeded"));
    }
    told
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_long_history_is_what_its_events_come_to_when_they_are_replayed(pool: PgPool) {
    let realm = project(&pool).await;
    let mut events = vec![sale(1).customer_created(), sale(1).subscription_created()];
    events.extend((0..PAYMENTS).flat_map(told));
    let mut from_the_past = 0;
    for event in events {
        let mut transaction = pool.begin().await.unwrap();
        settle_batch(&mut transaction, &[item(realm, event)]).await.unwrap();
        let kept = "SELECT count(*) FROM clusters WHERE past IS NOT NULL";
        let kept: i64 = sqlx::query_scalar(kept).fetch_one(&mut *transaction).await.unwrap();
        from_the_past += kept;
        transaction.commit().await.unwrap();
    }
    assert!(from_the_past >= 40, "the past was kept after {from_the_past} events only");
    let unnumbered = "SELECT count(*) FROM facts WHERE part IS NULL AND cluster_id IN (SELECT id FROM clusters WHERE past IS NOT NULL)";
    assert_eq!(sqlx::query_scalar::<_, i64>(unnumbered).fetch_one(&pool).await.unwrap(), 0);
    let nameless = "SELECT count(*) FROM identity_keys WHERE part IS NULL AND substring(key, '^[a-z]+_') IN ('in_', 'pi_', 'ch_', 're_', 'cs_')
        AND cluster_id IN (SELECT id FROM clusters WHERE past IS NOT NULL)";
    assert_eq!(sqlx::query_scalar::<_, i64>(nameless).fetch_one(&pool).await.unwrap(), 0);
    comes_to_the_same_again(&pool, realm).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_finds_each_payment_of_a_long_history(pool: PgPool) {
    let realm = project(&pool).await;
    let mut events = vec![sale(1).customer_created(), sale(1).subscription_created()];
    for number in 0..PAYMENTS {
        // No event names a payment that was there before the one before it.
        events.extend([payment(number).invoice_paid(), payment(number).invoice_payment_paid()]);
    }
    events.extend((0..PAYMENTS).map(|number| payment(number).refund_created("succeeded")));
    for event in events {
        settle(&pool, realm, event).await;
    }
    let taken_back = "SELECT count(*) FROM conversions WHERE clawed_back_minor > 0";
    let taken_back: i64 = sqlx::query_scalar(taken_back).fetch_one(&pool).await.unwrap();
    assert_eq!(taken_back, i64::try_from(PAYMENTS).unwrap());
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_next_purchase_of_a_guest_reads_no_other(pool: PgPool) {
    let realm = project(&pool).await;
    let reads = reads_of(
        &pool,
        realm,
        (0..80).map(|number| {
            let own = payment(number);
            let guest = Sample { customer: None, session: format!("cs_guest{number}"), ..own };
            // What collected the money comes first, and tells of nobody.
            let paid = guest.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid);
            vec![guest.payment_intent_succeeded(), paid]
        }),
    )
    .await;
    let customers = "SELECT count(*) FROM customers WHERE NOT retired";
    assert_eq!(sqlx::query_scalar::<_, i64>(customers).fetch_one(&pool).await.unwrap(), 1);
    let (tenth, last) = (reads[12], reads[79]);
    assert!(last <= 3 * tenth, "{tenth} rows, then {last}: {reads:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_next_payment_of_a_long_history_reads_no_other(pool: PgPool) {
    let realm = project(&pool).await;
    let told = |number| vec![payment(number).invoice_paid(), payment(number).invoice_payment_paid()];
    let reads = reads_of(&pool, realm, (0..120).map(told)).await;
    let (tenth, last) = (reads[12], reads[119]);
    assert!(last <= 3 * tenth, "{tenth} rows, then {last}: {reads:?}");
}
