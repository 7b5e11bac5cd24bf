//! Telling the other API processes what was let through, and being told.

use super::shared::Shared;
use governor::clock::DefaultClock;
use std::time::Duration;
use store::api_key_usage;
use store::{PgPool, StoreError, within};

/// How often: what a key may get too much of is what arrives in this time.
const INTERVAL: Duration = Duration::from_secs(2);
/// A database that needs longer is not there; the process goes on alone.
const PATIENCE: Duration = Duration::from_secs(2);

/// Exchanges for ever. A process whose keys are quiet asks nothing.
pub(super) async fn run(shared: &Shared<DefaultClock>, pool: &PgPool) {
    let mut every = tokio::time::interval(INTERVAL);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = once(shared, pool).await {
            tracing::debug!(%error, "the limit per key is this process's own for now");
        }
    }
}

async fn once(shared: &Shared<DefaultClock>, pool: &PgPool) -> Result<(), StoreError> {
    let report = shared.report();
    if report.is_empty() {
        return Ok(());
    }
    let exchanged =
        within(PATIENCE, async { api_key_usage::exchange(&mut *pool.acquire().await?, &report).await });
    match exchanged.await {
        Ok(standing) => shared.take_over(&standing),
        Err(error) => {
            shared.not_reported();
            return Err(error);
        }
    }
    Ok(())
}
