//! What a few events read does not grow with the tables, whatever the statistics say, and by plans that a session made while the
//! tables were empty.

use crate::support::{item, project, read_rows, sale};
use chrono::TimeDelta;
use domain::ids::Realm;
use store::settlement::{settle_batch, settle_traced_batch};
use store::{PgConnection, PgPool, sessions_planned_once_beside};
use stripe::sample::Sample;

/// Customers that fill the tables; far more than the rows that one event reads.
const CUSTOMERS: u64 = 1_200;
/// Events of one batch, as the worker takes them.
const BATCH: usize = 500;

/// What Stripe tells of a customer: all kinds of rows are written.
fn told(number: u64) -> Vec<String> {
    told_of(&sale(number))
}

fn told_of(sale: &Sample) -> Vec<String> {
    vec![
        sale.customer_created(),
        sale.subscription_created(),
        sale.invoice_paid(),
        sale.invoice_payment_paid(),
        sale.refund_created("succeeded"),
    ]
}

/// A customer, another one with the same address, and one with more payments than are read again for the next.
fn stories(number: u64) -> Vec<String> {
    let (first, second, loyal) = (sale(number), sale(number + 1), sale(number + 2));
    let second = Sample { email: first.email.clone(), ..second };
    let invoices = (0..14).map(|payment| {
        let own = sale(number + 3 + payment);
        let at = loyal.at + TimeDelta::days(i64::try_from(payment).unwrap());
        let (invoice, payment_intent, charge) = (own.invoice, own.payment_intent, own.charge);
        Sample { at, invoice, payment_intent, charge, ..loyal.clone() }.invoice_paid()
    });
    told_of(&first).into_iter().chain(told_of(&second)).chain(invoices).collect()
}

/// Settles events one by one; how many rows and index entries each of them read.
async fn reads(connection: &mut PgConnection, realm: Realm, events: Vec<String>) -> Vec<i64> {
    let mut reads = Vec::new();
    for event in events {
        sqlx::query("BEGIN").execute(&mut *connection).await.unwrap();
        let before = read_rows(connection).await;
        settle_traced_batch(connection, &[item(realm, event)], None).await.unwrap();
        let after = read_rows(connection).await;
        sqlx::query("COMMIT").execute(&mut *connection).await.unwrap();
        reads.push(after - before);
    }
    reads
}

async fn fill(pool: &PgPool, realm: Realm) {
    let events: Vec<_> =
        (10_000..10_000 + CUSTOMERS).flat_map(told).map(|event| item(realm, event)).collect();
    for batch in events.chunks(BATCH) {
        let mut transaction = pool.begin().await.unwrap();
        settle_batch(&mut transaction, batch).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

/// Says of each table that it is empty, and lets nobody say otherwise.
async fn say_that_all_is_empty(pool: &PgPool) {
    let tables = "SELECT quote_ident(relname) FROM pg_class
                  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_sqlx_migrations'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
    for table in tables {
        for statement in [
            format!("ALTER TABLE {table} SET (autovacuum_enabled = off)"),
            format!("VACUUM (ANALYZE) {table}"),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(pool).await.unwrap();
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_few_events_read_no_more_from_full_tables_by_plans_of_empty_ones(pool: PgPool) {
    let realm = project(&pool).await;
    say_that_all_is_empty(&pool).await;
    // As those of a worker, which keeps them for moments.
    let sessions = sessions_planned_once_beside(&pool, 2);
    let mut early = sessions.open().await.unwrap();
    let mut few = Vec::new();
    for round in 0..6 {
        few = reads(&mut early, realm, stories(100 * round)).await;
    }
    fill(&pool, realm).await;
    let mut late = sessions.open().await.unwrap();
    let by_kept_plans = reads(&mut early, realm, stories(600)).await;
    let by_new_plans = reads(&mut late, realm, stories(700)).await;
    for (event, empty) in few.iter().enumerate() {
        for full in [by_kept_plans[event], by_new_plans[event]] {
            assert!(
                full <= 2 * empty + 10,
                "event {event}: {few:?} of empty tables, {by_kept_plans:?} and {by_new_plans:?} of full ones"
            );
        }
    }
}
