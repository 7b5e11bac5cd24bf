//! What the tests have in common.

use anyhow::{Result, ensure};
use chrono::{TimeDelta, Utc};
use domain::ids::Realm;
use std::time::Duration;
use store::PgPool;
use stripe::sample::{Sample, Version};
use tests::{deployment::Deployment, figures::show, processes::Process, wait::until};
use tokio::time::Instant;

/// No wait outlives this.
pub(crate) const BOUND: Duration = Duration::from_secs(10);

/// The `number`th customer, who pays.
pub(crate) fn sale(number: u64) -> Sample {
    Sample::new(number, Version::Dahlia, Utc::now() - TimeDelta::days(1))
}

/// How many events of a project are settled.
pub(crate) async fn settled(pool: &PgPool, realm: Realm) -> Result<i64> {
    let count = sqlx::query_scalar("SELECT count(*) FROM events WHERE project_id = $1 AND livemode = $2")
        .bind(realm.project.0)
        .bind(realm.mode.is_live())
        .fetch_one(pool)
        .await?;
    Ok(count)
}

/// Waits until so many events of a project are settled, and tells how long that took.
pub(crate) async fn settle(pool: &PgPool, realm: Realm, wanted: i64) -> Result<Duration> {
    let began = Instant::now();
    until(&format!("{wanted} events are settled"), async || {
        let settled = settled(pool, realm).await?;
        ensure!(settled >= wanted, "{settled} are settled");
        Ok(())
    })
    .await?;
    Ok(began.elapsed())
}

/// Prints a figure and sees that it is within [`BOUND`].
pub(crate) fn bounded(what: &str, took: Duration) -> Result<()> {
    show(format!("{what}: {:.1} s", took.as_secs_f64()));
    ensure!(took <= BOUND, "{what}: {took:?}");
    Ok(())
}

/// Waits until some session of the deployment waits for a lock.
pub(crate) async fn somebody_waits(deployment: &Deployment) -> Result<()> {
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

/// Waits until a worker has done everything, without a dead letter, and stops it.
pub(crate) async fn ends_well(deployment: &Deployment, worker: Process) -> Result<()> {
    deployment.drained().await?;
    let began = Instant::now();
    ensure!(worker.stop().await?.success(), "the worker did not end well");
    ensure!(began.elapsed() <= BOUND, "the worker took {:?} to stop", began.elapsed());
    Ok(())
}
