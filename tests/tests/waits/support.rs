//! What the tests have in common.

use anyhow::{Result, ensure};
use chrono::{TimeDelta, Utc};
use domain::ids::Realm;
use std::time::Duration;
use store::PgPool;
use stripe::sample::{Sample, Version};
use tests::wait::until;
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
    #[expect(clippy::print_stderr, reason = "a figure of the run, for whoever reads its log")]
    {
        eprintln!("{what}: {:.1} s", took.as_secs_f64());
    }
    ensure!(took <= BOUND, "{what}: {took:?}");
    Ok(())
}
