//! Writes down how tries went, as many at a time as there are.

use super::attempt::Tried;
use super::{Wakes, log, telemetry};
use crate::backoff::Backoff;
use ::notify::schedule::{DISABLED_AFTER, DISABLED_AFTER_FAILURES};
use domain::ids::EndpointId;
use std::collections::HashMap;
use std::time::Duration;
use store::deliveries::{Finished, Health, finish};
use store::webhook_endpoints::disable;
use store::{Connection, PgConnection, Sessions, StoreError};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Results of one transaction.
const BATCH: usize = 256;
/// Results that come one so soon after the other are written down together, but none waits longer than this.
const GAP: Duration = Duration::from_millis(3);
const GATHER: Duration = Duration::from_millis(25);
/// How long it may take.
const RECORD: Duration = Duration::from_secs(5);
/// How often results are offered to a database that does not take them; the leases are over by then.
const OFFERS: u32 = 40;
/// After so long an endpoint that fails is worth a line in the log, and again.
const WARNINGS: [Duration; 2] = [Duration::from_hours(1), Duration::from_hours(24)];

/// Works until every sender is gone.
pub(super) async fn run(sessions: &Sessions, mut results: mpsc::Receiver<Tried>, wakes: &Wakes) {
    let mut warned = HashMap::new();
    let mut batch = Vec::with_capacity(BATCH);
    // Its end comes by itself.
    let never = CancellationToken::new();
    while gather(&mut results, &mut batch).await {
        let mut backoff = Backoff::for_store();
        for _ in 0..OFFERS {
            match record(sessions, &batch).await {
                Ok(failing) => {
                    for health in &failing {
                        warn(&mut warned, health);
                    }
                    break;
                }
                Err(error) => {
                    log(&error, "writing down what was sent");
                    backoff.wait(&never).await;
                }
            }
        }
        batch.clear();
        // Each was in the way of the next one of its endpoint.
        wakes.due.notify_one();
    }
}

/// Takes what there is, and what comes at once after it; whether anybody may still send.
async fn gather(results: &mut mpsc::Receiver<Tried>, batch: &mut Vec<Tried>) -> bool {
    let mut came = results.recv_many(batch, BATCH).await;
    let ends = Instant::now() + GATHER;
    while came > 0 && batch.len() < BATCH {
        let pause = ends.saturating_duration_since(Instant::now()).min(GAP);
        let Ok(more) = timeout(pause, results.recv_many(batch, BATCH - batch.len())).await else { break };
        came = more;
    }
    !batch.is_empty()
}

async fn record(sessions: &Sessions, batch: &[Tried]) -> Result<Vec<Health>, StoreError> {
    let finished: Vec<Finished> = batch.iter().map(|tried| tried.finished.clone()).collect();
    let write = async |session: &mut PgConnection| {
        let mut transaction = session.begin().await?;
        let failing = finish(&mut transaction, &finished).await?;
        let asked = batch.iter().filter_map(|tried| Some((tried.finished.endpoint, tried.disable.clone()?)));
        for (endpoint, reason) in asked.chain(failing.iter().filter_map(hopeless)) {
            if disable(&mut transaction, endpoint, &reason).await? {
                metrics::counter!(telemetry::DISABLED).increment(1);
                tracing::warn!(endpoint.id = %endpoint, reason, "an endpoint was disabled");
            }
        }
        transaction.commit().await?;
        Ok(failing)
    };
    sessions.run(RECORD, write).await
}

/// Whether an endpoint failed so long and so often that nothing more is sent there.
fn hopeless(health: &Health) -> Option<(EndpointId, String)> {
    let days = DISABLED_AFTER.num_days();
    let is_long = health.failing_for >= DISABLED_AFTER.to_std().unwrap_or(Duration::MAX);
    (is_long && health.failures >= DISABLED_AFTER_FAILURES).then(|| {
        let Health { failing_since, failures, .. } = health;
        let since = failing_since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        (health.endpoint, format!("all of {failures} tries failed since {since}, for more than {days} days"))
    })
}

/// Says once after an hour and once after a day that an endpoint fails.
fn warn(warned: &mut HashMap<EndpointId, (chrono::DateTime<chrono::Utc>, usize)>, health: &Health) {
    let passed = WARNINGS.iter().filter(|after| health.failing_for >= **after).count();
    let said = warned.entry(health.endpoint).or_insert((health.failing_since, 0));
    if said.0 != health.failing_since {
        *said = (health.failing_since, 0);
    }
    if passed > said.1 {
        said.1 = passed;
        let hours = health.failing_for.as_secs() / 3_600;
        tracing::warn!(endpoint.id = %health.endpoint, failures = health.failures, hours, "an endpoint keeps failing");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(days: u64, failures: i32) -> Health {
        let failing_since = chrono::DateTime::UNIX_EPOCH;
        let failing_for = Duration::from_hours(24 * days);
        Health { endpoint: EndpointId(1), failing_since, failures, failing_for }
    }

    #[test]
    fn an_endpoint_is_given_up_after_five_days_and_twenty_tries() {
        assert_eq!(hopeless(&health(4, 1_000)), None);
        assert_eq!(hopeless(&health(5, 19)), None);
        let (endpoint, reason) = hopeless(&health(5, 20)).unwrap();
        assert_eq!(endpoint, EndpointId(1));
        assert_eq!(reason, "all of 20 tries failed since 1970-01-01T00:00:00Z, for more than 5 days");
    }

    #[test]
    fn a_failing_endpoint_is_told_of_once_a_step() {
        let mut warned = HashMap::new();
        warn(&mut warned, &health(0, 1));
        assert_eq!(warned[&EndpointId(1)].1, 0);
        warn(&mut warned, &health(3, 9));
        assert_eq!(warned[&EndpointId(1)].1, 2);
    }
}
