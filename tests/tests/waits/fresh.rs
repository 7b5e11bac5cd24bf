//! A fresh database and a burst: no statistics, or those of empty tables.

use crate::support::{ends_well, sale, settle};
use anyhow::{Result, ensure};
use sqlx::AssertSqlSafe;
use tests::{deployment, feed::Feed, figures::show, processes::Process, stores::Backend, wait::until};

/// Customers, each with three events.
const CUSTOMERS: u64 = 1_500;

/// Tables that grow with the events.
const TABLES: [&str; 9] = [
    "events",
    "clusters",
    "identity_keys",
    "facts",
    "customers",
    "conversions",
    "ledger_entries",
    "clicks",
    "coupons",
];

/// Rows that one event may read in all tables together: its own, its cluster's, and those of constraints.
const ROWS_PER_EVENT: i64 = 200;

/// Counted in rows, since what takes minutes on one machine takes seconds on another: read for each event are the rows of
/// its customer, not those of everybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_into_empty_tables_reads_what_it_needs_and_no_more() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        for table in TABLES {
            let sql = format!("ANALYZE {table}; ALTER TABLE {table} SET (autovacuum_enabled = off)");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&deployment.pool).await?;
        }
        let feed = Feed::of(deployment).await?;
        let worker = Process::worker(deployment)?;
        for number in 0..CUSTOMERS {
            feed.event(realm, sale(number).invoice_paid()).await?;
            feed.event(realm, sale(number).invoice_payment_paid()).await?;
            feed.event(realm, sale(number).refund_created("succeeded")).await?;
        }
        let events = i64::try_from(CUSTOMERS * 3)?;
        let took = settle(&deployment.pool, realm, events).await?;
        ends_well(deployment, worker).await?;
        let read = until("the sessions have told what they read", async || {
            let read: i64 = sqlx::query_scalar(
                "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::BIGINT FROM pg_stat_user_tables
                 WHERE relname = ANY($1)",
            )
            .bind(TABLES.as_slice())
            .fetch_one(&deployment.pool)
            .await?;
            ensure!(read > events, "{read} rows");
            Ok(read)
        })
        .await?;
        show(format!(
            "{events} events into empty tables: {} rows read for each, {took:.1?} after the last",
            read / events
        ));
        ensure!(read <= events * ROWS_PER_EVENT, "{} rows were read for each event", read / events);
        Ok(())
    })
    .await
}
