//! Liveness and readiness. A probe reads what background tasks have found: it never waits for a
//! store.

use queue::{BrokerStatus, DatabaseStatus, Publisher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::PgPool;

/// How often the reading pool is tried.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);
/// A database that needs longer is not there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often what is kept in memory is tidied up.
pub(crate) const TIDY_INTERVAL: Duration = Duration::from_secs(5);

/// What is known of the process and what it depends on.
#[derive(Default)]
pub(crate) struct Health {
    draining: AtomicBool,
    reads: AtomicBool,
}

/// The answer of `/readyz`.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    /// `ready`, `degraded` (one store is missing), `unavailable` or `draining`.
    #[schema(example = "ready")]
    pub(crate) status: &'static str,
    /// Whether REST reads are answered.
    pub(crate) database: bool,
    /// Whether the broker takes messages; null without a broker.
    pub(crate) broker: Option<bool>,
    /// Whether a webhook would be stored.
    pub(crate) accepts: bool,
}

impl Health {
    /// From now on no new traffic should come.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// What a probe is told, and whether that is good news: the process serves as long as one of
    /// the stores takes messages.
    pub(crate) fn readiness(&self, publisher: &Publisher) -> (bool, Readiness) {
        let status = publisher.status();
        let draining = self.draining.load(Ordering::Relaxed);
        let database = self.reads.load(Ordering::Relaxed) || status.database == DatabaseStatus::Up;
        let broker = status.broker.as_ref().map(|broker| *broker == BrokerStatus::Ready);
        let accepts = status.accepts();
        let ready = accepts && !draining;
        let status = match (draining, accepts, database && broker != Some(false)) {
            (true, _, _) => "draining",
            (false, false, _) => "unavailable",
            (false, true, false) => "degraded",
            (false, true, true) => "ready",
        };
        (ready, Readiness { status, database, broker, accepts })
    }

    /// Tries the reading pool for ever.
    pub(crate) async fn probe(&self, pool: &PgPool) {
        let mut every = tokio::time::interval(PROBE_INTERVAL);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let alive = tokio::time::timeout(PROBE_TIMEOUT, store::ping(pool)).await;
            self.reads.store(matches!(alive, Ok(Ok(()))), Ordering::Relaxed);
        }
    }
}
