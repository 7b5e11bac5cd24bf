//! A worker is frozen, or killed, in the middle of its work.

use crate::support::{bounded, ends_well, sale, settle, somebody_waits};
use anyhow::{Result, ensure};
use domain::ids::Realm;
use tests::{
    deployment::{self, Deployment},
    feed::Feed,
    processes::Process,
    stores::Backend,
};
use tokio::time::Instant;

/// Customers whom the worker knows, and those of them whose events it has in hand.
const KNOWN: u64 = 20;
const IN_HAND: u64 = 40;

/// What comes for the other worker: of customers whose rows the first has locked, and of others.
const OTHERS: u64 = 150;

/// A worker within its transaction, with the customers of its batch locked and their rows written but not seen.
struct InTheMiddle {
    realm: Realm,
    feed: Feed,
    worker: Process,
    table: sqlx::Transaction<'static, sqlx::Postgres>,
}

impl InTheMiddle {
    async fn of(deployment: &Deployment) -> Result<Self> {
        let realm = deployment.programme().await?.realm;
        let feed = Feed::of(deployment).await?;
        // Customers that are known before: their clusters are locked, not new.
        for number in 0..KNOWN {
            feed.event(realm, sale(number).customer_created()).await?;
        }
        let worker = Process::worker(deployment)?;
        settle(&deployment.pool, realm, i64::try_from(KNOWN)?).await?;
        let mut table = deployment.pool.begin().await?;
        sqlx::query("LOCK TABLE conversions IN EXCLUSIVE MODE").execute(&mut *table).await?;
        for number in 0..IN_HAND {
            feed.event(realm, sale(number).invoice_paid()).await?;
        }
        somebody_waits(deployment).await?;
        Ok(Self { realm, feed, worker, table })
    }
}

/// Every wait is counted from the moment at which the worker stopped.
async fn frozen(backend: Backend) -> Result<()> {
    deployment::on(backend, async |deployment| {
        let InTheMiddle { realm, feed, worker: frozen, table } = InTheMiddle::of(deployment).await?;
        frozen.freeze().await?;
        let began = Instant::now();
        // Its statement ends, and its transaction does not.
        table.rollback().await?;
        let other = Process::worker(deployment)?;
        for number in 0..OTHERS {
            feed.event(realm, sale(number).subscription_created()).await?;
            feed.event(realm, sale(1_000 + number).customer_created()).await?;
        }
        let others = i64::try_from(KNOWN + 2 * OTHERS)?;
        settle(&deployment.pool, realm, others).await?;
        bounded(&format!("{backend:?}: 300 events beside a frozen worker"), began.elapsed())?;
        // What it had in hand comes back when it counts as dead.
        let all = others + i64::try_from(IN_HAND)?;
        settle(&deployment.pool, realm, all).await?;
        bounded(&format!("{backend:?}: the frozen worker's own"), began.elapsed())?;

        frozen.thaw().await?;
        let began = Instant::now();
        ensure!(frozen.stop().await?.success(), "the frozen worker did not end well");
        bounded(&format!("{backend:?}: the thawed worker stops"), began.elapsed())?;
        // It hands back what it had, which is settled already: somebody has to be there to see that.
        ends_well(deployment, other).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_within_a_transaction_keeps_nobody_waiting_on_postgresql() -> Result<()> {
    frozen(Backend::Postgres).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_within_a_transaction_keeps_nobody_waiting_on_rabbitmq() -> Result<()> {
    frozen(Backend::RabbitMq).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_killed_worker_wait_for_the_end_of_their_lease_and_no_longer() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let InTheMiddle { realm, feed: _feed, worker, table } = InTheMiddle::of(deployment).await?;
        let other = Process::worker(deployment)?;
        worker.kill().await?;
        let began = Instant::now();
        table.rollback().await?;
        settle(&deployment.pool, realm, i64::try_from(KNOWN + IN_HAND)?).await?;
        bounded("PostgreSQL: a killed worker's rows", began.elapsed())?;
        ends_well(deployment, other).await
    })
    .await
}
