//! What is done now and then: metrics of what waits, strays, retention.

use super::{log, telemetry};
use std::time::{Duration, Instant};
use store::deliveries::{Waiting, waiting};
use store::notifications::prune;
use store::webhook_endpoints::park_strays;
use store::{Sessions, StoreError, within};
use tokio_util::sync::CancellationToken;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(15);
/// Between two looks for what is older than its retention.
const PRUNING: Duration = Duration::from_mins(10);
/// How long a step may take.
const STEP: Duration = Duration::from_secs(5);

/// Works until `shutdown` is cancelled.
pub(super) async fn run(sessions: &Sessions, shutdown: &CancellationToken) {
    let mut every = tokio::time::interval(INTERVAL);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut pruned_at = Instant::now();
    loop {
        let prunes = pruned_at.elapsed() >= PRUNING;
        let tidied = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            tidied = async {
                every.tick().await;
                tidy(sessions, prunes).await
            } => tidied,
        };
        match tidied {
            Ok(waiting) => show(waiting),
            Err(error) => log(&error, "tidying up notifications"),
        }
        if prunes {
            pruned_at = Instant::now();
        }
    }
}

async fn tidy(sessions: &Sessions, prunes: bool) -> Result<Waiting, StoreError> {
    let mut session = sessions.open().await?;
    // Those that were numbered while their endpoint was being disabled.
    while within(STEP, park_strays(&mut session)).await? > 0 {}
    while prunes && !within(STEP, prune(&mut session)).await?.is_nothing() {}
    let waiting = within(STEP, waiting(&mut session)).await?;
    session.done();
    Ok(waiting)
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a gauge is a float")]
fn show(waiting: Waiting) {
    metrics::gauge!(telemetry::PENDING).set(waiting.pending as f64);
    metrics::gauge!(telemetry::OLDEST_SECONDS).set(waiting.oldest_seconds as f64);
    metrics::gauge!(telemetry::PARKED).set(waiting.parked as f64);
}
