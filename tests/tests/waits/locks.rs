//! Somebody holds a lock and does not let go.

use crate::support::{bounded, sale, settle, settled};
use anyhow::{Result, ensure};
use domain::ids::Realm;
use store::PgPool;
use tests::{
    deployment::{self, Deployment},
    feed::Feed,
    processes::Process,
    stores::Backend,
    wait::until,
};
use tokio::time::Instant;

/// Waits until some session of the deployment waits for a lock.
async fn somebody_waits(deployment: &Deployment) -> Result<()> {
    until("a worker waits for a lock", async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE wait_event_type = 'Lock' AND datname = current_database() AND application_name = 'tributary-worker'",
        )
        .fetch_one(&deployment.pool)
        .await?;
        ensure!(waiting > 0, "none does");
        Ok(())
    })
    .await
}

/// The first worker is stopped within its transaction, with the customers of its batch locked and their rows written but
/// not seen. The second has other events of the same customers, and of others.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_within_a_transaction_keeps_nobody_waiting() -> Result<()> {
    for backend in [Backend::Postgres, Backend::RabbitMq] {
        deployment::on(backend, async |deployment| {
            let realm = deployment.programme().await?.realm;
            let feed = Feed::of(deployment).await?;
            // Customers that are known before: their clusters are locked, not new.
            for number in 0..20 {
                feed.event(realm, sale(number).customer_created()).await?;
            }
            let frozen = Process::worker(deployment)?;
            settle(&deployment.pool, realm, 20).await?;

            let mut table = deployment.pool.begin().await?;
            sqlx::query("LOCK TABLE conversions IN EXCLUSIVE MODE").execute(&mut *table).await?;
            for number in 0..40 {
                feed.event(realm, sale(number).invoice_paid()).await?;
            }
            somebody_waits(deployment).await?;
            frozen.freeze().await?;
            // Its statement ends, and its transaction does not.
            table.rollback().await?;

            let other = Process::worker(deployment)?;
            for number in 0..150 {
                feed.event(realm, sale(number).subscription_created()).await?;
                feed.event(realm, sale(1_000 + number).customer_created()).await?;
            }
            let took = settle(&deployment.pool, realm, 20 + 300).await?;
            bounded(&format!("{backend:?}: 300 events beside a frozen worker"), took)?;

            // What the frozen one had in hand comes back as soon as it counts as dead.
            let began = Instant::now();
            until("the frozen worker's events are settled", async || {
                let settled = settled(&deployment.pool, realm).await?;
                ensure!(settled == 20 + 300 + 40, "{settled} are settled");
                Ok(())
            })
            .await?;
            bounded(&format!("{backend:?}: then the frozen worker's own"), began.elapsed())?;
            frozen.thaw().await?;
            let began = Instant::now();
            ensure!(frozen.stop().await?.success(), "the frozen worker did not end well");
            bounded(&format!("{backend:?}: the thawed worker stops"), began.elapsed())?;
            // It hands back what it had, which is settled already: somebody has to be there to see that.
            deployment.settled(realm, 20 + 300 + 40).await?;
            let began = Instant::now();
            ensure!(other.stop().await?.success(), "the other worker did not end well");
            bounded(&format!("{backend:?}: the other stops"), began.elapsed())
        })
        .await?;
    }
    Ok(())
}

async fn clusters_held(pool: &PgPool, realm: Realm) -> Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let mut holder = pool.begin().await?;
    sqlx::query("SELECT id FROM clusters WHERE project_id = $1 FOR UPDATE")
        .bind(realm.project.0)
        .fetch_all(&mut *holder)
        .await?;
    Ok(holder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_pauses_its_own_project_and_no_other() -> Result<()> {
    deployment::on(Backend::RabbitMq, async |deployment| {
        let (paused, other) = (deployment.programme().await?.realm, deployment.programme().await?.realm);
        let (feed, worker) = (Feed::of(deployment).await?, Process::worker(deployment)?);
        for number in 0..50 {
            feed.event(paused, sale(number).customer_created()).await?;
        }
        settle(&deployment.pool, paused, 50).await?;
        let replay = clusters_held(&deployment.pool, paused).await?;
        for number in 0..100 {
            feed.event(paused, sale(number % 50).invoice_paid()).await?;
            feed.event(other, sale(number).invoice_paid()).await?;
        }
        let took = settle(&deployment.pool, other, 100).await?;
        bounded("another project beside a replay", took)?;
        ensure!(deployment.dead_letters().await? == 0, "there are dead letters");
        replay.rollback().await?;
        let took = settle(&deployment.pool, paused, 100).await?;
        bounded("its own project after the replay", took)?;
        ensure!(worker.stop().await?.success(), "the worker did not end well");
        Ok(())
    })
    .await
}

/// No probe finds it beforehand: it is met when the batch has nearly ended.
#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_a_person_holds_keeps_no_other_customer_waiting() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let (feed, worker) = (Feed::of(deployment).await?, Process::worker(deployment)?);
        for number in 0..200 {
            feed.event(realm, sale(number).invoice_paid()).await?;
        }
        settle(&deployment.pool, realm, 200).await?;
        let mut person = deployment.pool.begin().await?;
        sqlx::query("SELECT id FROM conversions WHERE payment_key = $1 FOR UPDATE")
            .bind(sale(77).invoice)
            .fetch_all(&mut *person)
            .await?;
        for number in 0..200 {
            feed.event(realm, sale(number).refund_created("succeeded")).await?;
            feed.event(realm, sale(number).invoice_payment_paid()).await?;
        }
        let took = settle(&deployment.pool, realm, 200 + 398).await?;
        bounded("398 events beside one locked row", took)?;
        ensure!(deployment.dead_letters().await? == 0, "there are dead letters");
        person.rollback().await?;
        let took = settle(&deployment.pool, realm, 200 + 400).await?;
        bounded("the row's own after it was let go", took)?;
        ensure!(worker.stop().await?.success(), "the worker did not end well");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_waits_for_a_lock_ends_when_it_is_told_to() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let (feed, worker) = (Feed::of(deployment).await?, Process::worker(deployment)?);
        let mut table = deployment.pool.begin().await?;
        sqlx::query("LOCK TABLE events IN EXCLUSIVE MODE").execute(&mut *table).await?;
        feed.event(realm, sale(1).invoice_paid()).await?;
        somebody_waits(deployment).await?;
        let began = Instant::now();
        ensure!(worker.stop().await?.success(), "it did not end well");
        bounded("a worker that waits for a lock stops", began.elapsed())?;
        table.rollback().await?;
        let worker = Process::worker(deployment)?;
        let took = settle(&deployment.pool, realm, 1).await?;
        bounded("another worker takes over", took)?;
        ensure!(worker.stop().await?.success(), "the other did not end well");
        Ok(())
    })
    .await
}
