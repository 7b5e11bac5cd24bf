//! Somebody holds a lock and does not let go.

use crate::support::{bounded, ends_well, sale, settle, somebody_waits};
use anyhow::{Result, ensure};
use domain::ids::Realm;
use store::PgPool;
use tests::{deployment, feed::Feed, processes::Process, stores::Backend};
use tokio::time::Instant;

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
        ends_well(deployment, worker).await
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
        ends_well(deployment, worker).await
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
        ends_well(deployment, worker).await
    })
    .await
}
