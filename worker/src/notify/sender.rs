//! Claims what is due and sends it, many at a time.

use super::attempt::{self, Tried};
use super::{Wakes, log, telemetry};
use crate::backoff::{Backoff, grace};
use ::notify::Client;
use sealing::Sealer;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::deliveries::{Claimed, claim, release};
use store::{Sessions, StoreError};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// Tries that are under way at once in one worker.
pub(super) const IN_FLIGHT: usize = 64;

/// A look without having been woken: for retries, and for what other workers left.
const IDLE: Duration = Duration::from_secs(1);
/// How long a claim may take.
const CLAIM: Duration = Duration::from_secs(5);
/// No lease is longer: 30 s for the try, and the margin.
const LONGEST_LEASE: Duration = Duration::from_mins(1);

/// Sends what it claims.
pub(super) struct Sender {
    sessions: Sessions,
    shared: Arc<Shared>,
    wakes: Arc<Wakes>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
}

struct Shared {
    client: Client,
    sealer: Sealer,
    results: mpsc::Sender<Tried>,
    /// What is not finished is left as it is.
    abandon: CancellationToken,
}

impl Sender {
    pub(super) fn new(
        sessions: Sessions,
        client: Client,
        sealer: Sealer,
        results: mpsc::Sender<Tried>,
        wakes: Arc<Wakes>,
    ) -> Self {
        Self {
            sessions,
            shared: Arc::new(Shared { client, sealer, results, abandon: CancellationToken::new() }),
            wakes,
            places: Arc::new(Semaphore::new(IN_FLIGHT)),
            tasks: TaskTracker::new(),
        }
    }

    /// Works until `shutdown` is cancelled. What is under way then has a few seconds; the rest is given back.
    pub(super) async fn run(self, shutdown: &CancellationToken) {
        let mut leases = VecDeque::new();
        let mut backoff = Backoff::for_store();
        while !shutdown.is_cancelled() {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = self.wakes.due.notified() => {}
                () = tokio::time::sleep(IDLE) => {}
            }
            match self.claim(&mut leases).await {
                Ok(()) => backoff = Backoff::for_store(),
                Err(error) => {
                    log(&error, "claiming notifications");
                    backoff.wait(shutdown).await;
                }
            }
        }
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            () = grace(shutdown) => {
                self.shared.abandon.cancel();
                let leases: Vec<Uuid> = leases.into_iter().map(|(_, lease)| lease).collect();
                if let Err(error) = self.give_back(&leases).await {
                    log(&error, "giving notifications back");
                }
            }
        }
    }

    /// Claims until there is no room, or nothing is due.
    async fn claim(&self, leases: &mut VecDeque<(Instant, Uuid)>) -> Result<(), StoreError> {
        loop {
            let room = self.places.available_permits();
            if room == 0 {
                return Ok(());
            }
            let lease = Uuid::now_v7();
            let room = i64::try_from(room).unwrap_or(1);
            let claimed = self.sessions.run(CLAIM, async |session| claim(session, lease, room).await).await?;
            if claimed.is_empty() {
                return Ok(());
            }
            leases.retain(|(at, _)| at.elapsed() < LONGEST_LEASE);
            leases.push_back((Instant::now(), lease));
            for delivery in claimed {
                self.send(delivery, lease).await;
            }
        }
    }

    async fn send(&self, delivery: Claimed, lease: Uuid) {
        // There is one: no more was claimed than there is room for.
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
        let shared = Arc::clone(&self.shared);
        self.tasks.spawn(async move {
            metrics::gauge!(telemetry::IN_FLIGHT).increment(1.0);
            let sending = attempt::send(&shared.client, &shared.sealer, &delivery, lease);
            let tried = shared.abandon.run_until_cancelled(sending).await;
            metrics::gauge!(telemetry::IN_FLIGHT).decrement(1.0);
            drop(place);
            if let Some(tried) = tried {
                // The recorder goes last: it ends when nobody sends any more.
                let _ = shared.results.send(tried).await;
            }
        });
    }

    async fn give_back(&self, leases: &[Uuid]) -> Result<(), StoreError> {
        self.sessions.run(CLAIM, async |session| release(session, leases).await).await
    }
}
