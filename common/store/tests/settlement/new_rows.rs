//! Large batches, whose new rows are not looked for, write what small ones do.

use crate::support::{item, project, sale};
use domain::fact::Fact;
use domain::ids::Realm;
use domain::key::Key;
use serde_json::Value;
use store::PgPool;
use store::settlement::{Item, settle_batch};
use stripe::sample::Sample;

/// Customers of one batch: more than enough for its keys and its facts to be inserted so.
const CUSTOMERS: u64 = 200;

fn story(realm: Realm, number: u64) -> Vec<Item> {
    let sale = sale(number);
    let bodies = [sale.customer_created(), sale.invoice_paid(), sale.refund_created("succeeded")];
    bodies.into_iter().map(|body| item(realm, body)).collect()
}

async fn settle(pool: &PgPool, items: &[Item]) {
    let mut transaction = pool.begin().await.unwrap();
    settle_batch(&mut transaction, items).await.unwrap();
    transaction.commit().await.unwrap();
}

/// The rows of a table as JSON, but for what tells where they are.
async fn rows(pool: &PgPool, table: &str, realm: Realm) -> Vec<Value> {
    let rows = format!(
        "SELECT to_jsonb(t) - 'project_id' - 'cluster_id' FROM {table} t WHERE project_id = $1 ORDER BY to_jsonb(t) - 'project_id' - 'cluster_id'"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).bind(realm.project.0).fetch_all(pool).await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_large_batch_writes_what_single_events_write(pool: PgPool) {
    let (large, single) = (project(&pool).await, project(&pool).await);
    let items: Vec<Item> = (0..CUSTOMERS).flat_map(|number| story(large, number)).collect();
    settle(&pool, &items).await;
    for item in items {
        settle(&pool, &[Item { realm: single, ..item }]).await;
    }
    for table in ["identity_keys", "facts", "fact_versions"] {
        let (large, single) = (rows(&pool, table, large).await, rows(&pool, table, single).await);
        assert!(!large.is_empty(), "{table}");
        assert_eq!(large, single, "{table}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_fact_that_was_told_by_other_keys_before_is_kept_once(pool: PgPool) {
    let realm = project(&pool).await;
    let before = item(realm, sale(10_000).customer_created());
    settle(&pool, std::slice::from_ref(&before)).await;
    let by_other_keys = |fact: Fact| Fact { identities: vec![Key::user("somebody-else")], ..fact };
    let other = Sample { revision: 7, ..sale(10_000) };
    let told_again = item(realm, other.customer_created());
    let facts = before.facts.iter().cloned().map(by_other_keys).collect();
    let mut items: Vec<Item> = (0..CUSTOMERS).flat_map(|number| story(realm, number)).collect();
    items.push(Item { facts, ..told_again });
    settle(&pool, &items).await;
    for fact in &before.facts {
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM facts WHERE natural_key = $1")
            .bind(&fact.natural_key)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(kept, 1);
    }
    let customers: i64 = sqlx::query_scalar("SELECT count(*) FROM customers WHERE NOT retired")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(customers >= CUSTOMERS.cast_signed(), "the others are settled: {customers}");
}
