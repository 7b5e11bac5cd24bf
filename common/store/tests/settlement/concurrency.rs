//! Workers that settle the same customers at once.

use crate::support::{item, project, sale};
use domain::ids::Realm;
use store::settlement::{BatchError, Item, settle_batch};
use store::{PgPool, StoreError};
use tokio::task::JoinSet;

/// Settles a batch as a worker does: again, when it met another transaction.
async fn settle(pool: PgPool, items: Vec<Item>) -> usize {
    for _ in 0..50 {
        let mut transaction = pool.begin().await.unwrap();
        match settle_batch(&mut transaction, &items).await {
            Ok(settled) => {
                transaction.commit().await.unwrap();
                return settled.new.len();
            }
            Err(BatchError::Store(StoreError::Serialization(_))) => {}
            Err(BatchError::Store(StoreError::Constraint { constraint, .. }))
                if constraint == "conversions_payment_key" => {}
            Err(error) => panic!("{error:?}"),
        }
        transaction.rollback().await.unwrap();
    }
    panic!("it met other transactions 50 times");
}

fn story(realm: Realm, number: u64) -> Vec<Item> {
    let sale = sale(number);
    let bodies = [
        sale.customer_created(),
        sale.subscription_created(),
        sale.invoice_paid(),
        sale.invoice_payment_succeeded(),
        sale.invoice_payment_paid(),
        sale.refund_created("succeeded"),
        sale.charge_refunded(),
    ];
    bodies.into_iter().map(|body| item(realm, body)).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn four_workers_with_the_same_customers_settle_each_event_once(pool: PgPool) {
    four_workers(pool, 30, 23).await;
}

/// New keys are copied then, until somebody else is found to have had one first.
#[sqlx::test(migrations = "../../migrations")]
async fn four_workers_with_large_batches_settle_each_event_once(pool: PgPool) {
    four_workers(pool, 150, 250).await;
}

/// Every worker gets some events of every customer, in another order, and some twice.
async fn four_workers(pool: PgPool, customers: u32, batch: usize) {
    let realm = project(&pool).await;
    let all: Vec<Item> = (0..customers).flat_map(|number| story(realm, number.into())).collect();
    let mut workers = JoinSet::new();
    for worker in 0..4usize {
        let mut mine: Vec<Item> = all
            .iter()
            .enumerate()
            .filter(|(place, _)| place % 4 == worker || place % 5 == 0)
            .map(|(_, item)| item.clone())
            .collect();
        if worker % 2 == 1 {
            mine.reverse();
        }
        let pool = pool.clone();
        workers.spawn(async move {
            let mut new = 0;
            for batch in mine.chunks(batch) {
                new += settle(pool.clone(), batch.to_vec()).await;
            }
            new
        });
    }
    let new: usize = workers.join_all().await.into_iter().sum();
    assert_eq!(new, all.len());
    let earned: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(commission_minor), 0)::BIGINT FROM conversions WHERE merged_into IS NULL",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(earned, i64::from(customers) * 980);
    let payable: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(CASE WHEN to_account = 'payable' THEN amount_minor
                                  WHEN from_account = 'payable' THEN -amount_minor ELSE 0 END), 0)::BIGINT
         FROM ledger_entries",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(payable, 0, "all was refunded");
}
