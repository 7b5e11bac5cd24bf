//! Claims what is due and sends it, many at a time.

use super::attempt::{self, Tried};
use super::hands::{Ended, Hands, Turn};
use super::{Wakes, log, telemetry};
use crate::backoff::{Backoff, grace};
use crate::pressure::Pressure;
use ::notify::Client;
use sealing::Sealer;
use std::sync::Arc;
use std::time::Duration;
use store::deliveries::{After, Claimed, Leased, Room, claim, release};
use store::{Sessions, StoreError};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// A look without having been woken: for retries, and for what other workers left.
const IDLE: Duration = Duration::from_secs(1);
/// What becomes due within this time of a claim waits for the next one, which is for all of it.
const GATHER: Duration = Duration::from_millis(10);
/// The same while batches are full: what sending takes of the machine, settling lacks.
const BEHIND: Duration = Duration::from_millis(250);
/// How long a claim may take.
const CLAIM: Duration = Duration::from_secs(5);

/// Sends what it claims.
pub(super) struct Sender {
    sessions: Sessions,
    shared: Arc<Shared>,
    wakes: Arc<Wakes>,
    pressure: Arc<Pressure>,
    hands: Hands<Claimed>,
    endings: mpsc::UnboundedReceiver<Ended>,
    tasks: TaskTracker,
}

struct Shared {
    client: Client,
    sealer: Sealer,
    results: mpsc::Sender<Tried>,
    ended: mpsc::UnboundedSender<Ended>,
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
        pressure: Arc<Pressure>,
    ) -> Self {
        // No more than there are places.
        let (ended, endings) = mpsc::unbounded_channel();
        let shared = Shared { client, sealer, results, ended, abandon: CancellationToken::new() };
        Self {
            sessions,
            shared: Arc::new(shared),
            wakes,
            pressure,
            hands: Hands::default(),
            endings,
            tasks: TaskTracker::new(),
        }
    }

    /// Works until `shutdown` is cancelled. What is under way then has a few seconds; the rest is given back.
    pub(super) async fn run(mut self, shutdown: &CancellationToken) {
        let mut backoff = Backoff::for_store();
        let (mut wanted, mut earliest, mut latest) = (true, Instant::now(), Instant::now());
        loop {
            let next = if wanted { earliest } else { latest };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = self.endings.recv() => {
                    let back = self.hands.end(ended);
                    self.give_back(&back).await;
                }
                () = self.wakes.due.notified() => wanted = true,
                () = sleep_until(next) => {
                    let claimed = self.claim().await;
                    let now = Instant::now();
                    let gather = if self.pressure.is_felt() { BEHIND } else { GATHER };
                    (earliest, latest) = (now + gather, now + IDLE);
                    match claimed {
                        Ok(more) => (wanted, backoff) = (more, Backoff::for_store()),
                        Err(error) => {
                            log(&error, "claiming notifications");
                            (wanted, earliest) = (true, now + backoff.length());
                        }
                    }
                }
            }
            self.begin();
        }
        let waiting = self.hands.waiting();
        self.give_back(&waiting).await;
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            () = grace(shutdown) => {
                self.shared.abandon.cancel();
                while let Ok(ended) = self.endings.try_recv() {
                    self.hands.end(ended);
                }
                self.give_back(&self.hands.under_way()).await;
            }
        }
    }

    /// Claims what there is room for; whether there may be more.
    async fn claim(&mut self) -> Result<bool, StoreError> {
        let late = self.hands.late(Instant::now().into_std());
        self.give_back(&late).await;
        let (deliveries, lease, quick) = (self.hands.room(), Uuid::now_v7(), self.hands.quick());
        if deliveries == 0 {
            // Somebody ends first.
            return Ok(false);
        }
        let room = Room { deliveries, quick: &quick };
        let claimed = self.sessions.run(CLAIM, async |session| claim(session, lease, room).await).await?;
        let more = claimed.len() >= deliveries;
        let since = Instant::now().into_std();
        for what in claimed {
            let leased = Leased { delivery: what.id, lease };
            self.hands.take(Turn { leased, endpoint: what.endpoint, what, since });
        }
        Ok(more)
    }

    /// Sends those whose turn it is.
    fn begin(&mut self) {
        for Turn { leased, endpoint, what, .. } in self.hands.begin() {
            let shared = Arc::clone(&self.shared);
            self.tasks.spawn(async move {
                metrics::gauge!(telemetry::IN_FLIGHT).increment(1.0);
                let sending = attempt::send(&shared.client, &shared.sealer, &what, leased.lease);
                let tried = shared.abandon.run_until_cancelled(sending).await;
                metrics::gauge!(telemetry::IN_FLIGHT).decrement(1.0);
                let Some(tried) = tried else { return };
                let (arrived, took) = (tried.finished.after == After::Delivered, tried.finished.duration);
                // Whoever listens goes last: both end when nobody sends any more.
                let _ = shared.results.send(tried).await;
                let _ = shared.ended.send(Ended { leased, endpoint, arrived, took });
            });
        }
    }

    /// Lets others send it. What cannot be given back is due again when its lease ends.
    async fn give_back(&self, leased: &[Leased]) {
        if leased.is_empty() {
            return;
        }
        if let Err(error) = self.sessions.run(CLAIM, async |session| release(session, leased).await).await {
            log(&error, "giving notifications back");
        }
    }
}
