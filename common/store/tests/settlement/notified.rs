//! What is notified of a batch, and what that costs.

use crate::support::{item, project, sale};
use domain::ids::Realm;
use sqlx::Row;
use std::io::{Write, stderr};
use std::time::{Duration, Instant};
use store::notifications::{Sequenced, feed, give_sequence, keep_quiet};
use store::settlement::{Item, settle_batch};
use store::{Connection, PgPool};

fn events(realm: Realm, customers: std::ops::Range<u64>) -> Vec<Item> {
    let of = |number| {
        let mut sale = sale(number);
        (sale.refund_amount, sale.amount_refunded) = (1_225, 1_225);
        [
            sale.customer_created(),
            sale.subscription_created(),
            sale.invoice_paid(),
            sale.invoice_payment_paid(),
            sale.refund_created("succeeded"),
        ]
    };
    customers.flat_map(of).map(|body| item(realm, body)).collect()
}

async fn settle(pool: &PgPool, items: &[Item], quiet: bool) -> Duration {
    let mut connection = pool.acquire().await.unwrap();
    let began = Instant::now();
    let mut transaction = connection.begin().await.unwrap();
    if quiet {
        keep_quiet(&mut transaction).await.unwrap();
    }
    settle_batch(&mut transaction, items).await.unwrap();
    transaction.commit().await.unwrap();
    began.elapsed()
}

async fn number(pool: &PgPool) {
    loop {
        let mut transaction = pool.begin().await.unwrap();
        let sequenced = give_sequence(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        if matches!(sequenced, Sequenced::Numbered { more: false, .. }) {
            return;
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_sale_and_its_refund_are_told_in_their_order_each_entry_once(pool: PgPool) {
    let realm = project(&pool).await;
    settle(&pool, &events(realm, 0..1), false).await;
    // The same events once more change nothing, and say nothing.
    settle(&pool, &events(realm, 0..1), false).await;
    number(&pool).await;
    let feed = feed(&mut pool.acquire().await.unwrap(), realm, 0, None, 100).await.unwrap();
    let bodies: Vec<serde_json::Value> =
        feed.notifications.iter().map(|it| serde_json::from_str(it.body().unwrap().get()).unwrap()).collect();
    let told: Vec<String> =
        bodies.iter().map(|it| format!("{} {}", it["event"].as_str().unwrap(), it["delta"])).collect();
    assert_eq!(
        told,
        [
            "referral_signed_up null",
            "referral_converted null",
            "commission_created 9.80",
            "commission_reversed -2.45"
        ]
    );
    let created = &bodies[2];
    assert_eq!(created["referrer"]["email"], "anna@example.org");
    assert_eq!(created["currency"], "usd");
    assert!(created["cause"]["event"].as_str().unwrap().starts_with("evt_"));
    assert_eq!(created["data"]["affiliate_id"].to_string(), created["referrer"]["id"].as_str().unwrap());
    assert_eq!(created["data"]["referred_user_id"].to_string(), created["referred"]["id"].as_str().unwrap());
    let entries = "SELECT count(*), count(n.id), count(DISTINCT n.id) FROM ledger_entries l
                   LEFT JOIN notifications n ON n.ledger_entry_id = l.id";
    let row = sqlx::query(entries).fetch_one(&pool).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1), row.get::<i64, _>(2)), (2, 2, 2));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_rolled_back_or_quiet_is_not_told(pool: PgPool) {
    let realm = project(&pool).await;
    let items = events(realm, 0..1);
    let mut transaction = pool.begin().await.unwrap();
    settle_batch(&mut transaction, &items).await.unwrap();
    transaction.rollback().await.unwrap();
    settle(&pool, &items, true).await;
    let count = "SELECT (SELECT count(*) FROM notifications), (SELECT count(*) FROM ledger_entries)";
    let row = sqlx::query(count).fetch_one(&pool).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (0, 2));
}

/// Batches of either kind that are measured, one after the other in turn.
const BATCHES: u64 = 20;

/// For people, by hand: `cargo test --release -p store --test settlement -- --ignored --nocapture what_notifications_cost`.
#[sqlx::test(migrations = "../../migrations")]
#[ignore = "measures"]
async fn what_notifications_cost(pool: PgPool) {
    let realm = project(&pool).await;
    let (mut told, mut quiet) = (Duration::ZERO, Duration::ZERO);
    for batch in 0..=2 * BATCHES {
        let items = events(realm, batch * 100..batch * 100 + 100);
        let is_quiet = batch % 2 == 0;
        let took = settle(&pool, &items, is_quiet).await;
        number(&pool).await;
        match (batch, is_quiet) {
            // It fills caches.
            (0, _) => {}
            (_, true) => quiet += took,
            (_, false) => told += took,
        }
    }
    let rate = |took: Duration| 500.0 * f64::from(u32::try_from(BATCHES).unwrap()) / took.as_secs_f64();
    let _ = writeln!(
        stderr(),
        "{:.0} events/s with notifications, {:.0} without: {:.1} %",
        rate(told),
        rate(quiet),
        100.0 * quiet.as_secs_f64() / told.as_secs_f64()
    );
}
