//! Taking messages: due rows are leased in the order in which they fell due.

mod statement;

use super::{listener, renewal};
use crate::{
    Acknowledger, Delivery, Prefix, QueueConfig,
    acknowledge::{DeadLetterRow, DeadLetterWriter},
    backoff::chain,
    receipt::Lease,
    room::Room,
    sessions::PATIENCE,
    telemetry::{self, increment},
};
use database::{Sessions, within};
use statement::Most;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often an idle worker looks without having been notified: the backstop of a lost notification,
/// and how late a retry may be.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The claiming half of a consumer. A claim runs in the background, so that messages of RabbitMQ do
/// not wait for it, and the next one overlaps with the worker's work on the last.
///
/// Dropping it gives back at once what it claimed and nobody took.
pub(crate) struct Claims {
    sessions: Sessions,
    queue: Prefix,
    lease: Lease,
    lease_length: Duration,
    batch_bytes: usize,
    dead_letter_writer: DeadLetterWriter,
    wake: Arc<Notify>,
    ready: VecDeque<Delivery>,
    running: Option<oneshot::Receiver<Result<Claimed, sqlx::Error>>>,
    next_poll: Instant,
    failing: bool,
    acknowledger: Acknowledger,
    tasks: TaskTracker,
    runtime: Handle,
}

struct Claimed {
    deliveries: Vec<Delivery>,
    unreadable: Vec<DeadLetterRow>,
    /// There may be more.
    more: bool,
}

impl Claims {
    /// Starts the listener and the renewal of the leases; they run until `stop`.
    pub(crate) fn start(
        config: &QueueConfig,
        sessions: Sessions,
        dead_letter_writer: DeadLetterWriter,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Self {
        let (wake, lease) = (Arc::new(Notify::new()), Lease::new());
        tasks.spawn(listener::run(config.clone(), Arc::clone(&wake), stop.clone()));
        let (queue, length) = (config.prefix.clone(), config.lease);
        tasks.spawn(renewal::run(sessions.clone(), queue.clone(), lease.clone(), length, stop.clone()));
        Self {
            sessions: sessions.clone(),
            queue,
            lease,
            lease_length: length,
            batch_bytes: config.batch_bytes,
            dead_letter_writer,
            wake,
            ready: VecDeque::new(),
            running: None,
            next_poll: Instant::now(),
            failing: false,
            acknowledger: Acknowledger::new(sessions, config.prefix.clone()),
            tasks: tasks.clone(),
            runtime: Handle::current(),
        }
    }

    /// Begins to claim up to `max` rows if a look is due.
    pub(crate) fn claim_if_due(&mut self, max: usize) {
        if self.running.is_some() || !self.ready.is_empty() || Instant::now() < self.next_poll {
            return;
        }
        let (sessions, queue, lease) = (self.sessions.clone(), self.queue.clone(), self.lease.clone());
        let (length, acknowledger) = (self.lease_length, self.acknowledger.clone());
        let most = Most { rows: max, bytes: self.batch_bytes };
        let (sender, running) = oneshot::channel();
        self.running = Some(running);
        self.tasks.spawn_on(
            async move {
                let outcome = claim(&sessions, &queue, &lease, length, most).await;
                if let Err(Ok(unwanted)) = sender.send(outcome) {
                    acknowledger.release(unwanted.deliveries).await;
                }
            },
            &self.runtime,
        );
    }

    /// How many messages are claimed and not taken.
    pub(crate) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Waits until a claim has ended or a new one is due, which none is before what is there was taken. It may be called again if it
    /// was cancelled.
    pub(crate) async fn changed(&mut self) {
        if let Some(running) = &mut self.running {
            let outcome = running.await;
            self.running = None;
            self.take_up(outcome);
        } else if !self.ready.is_empty() {
            std::future::pending::<()>().await;
        } else {
            tokio::select! {
                () = self.wake.notified() => self.next_poll = Instant::now(),
                () = tokio::time::sleep_until(self.next_poll) => {}
            }
        }
    }

    /// Claimed messages, if there are any now, as many as there is room for, and their bytes.
    pub(crate) fn take(&mut self, room: Room) -> (Vec<Delivery>, usize) {
        let (messages, bytes) = room.fitting(self.ready.iter());
        (self.ready.drain(..messages).collect(), bytes)
    }

    /// Ends the claim that runs and gives up everything that was not taken.
    pub(crate) async fn finish(&mut self) -> Vec<Delivery> {
        if self.running.is_some() {
            self.changed().await;
        }
        self.ready.drain(..).collect()
    }

    fn take_up(&mut self, outcome: Result<Result<Claimed, sqlx::Error>, oneshot::error::RecvError>) {
        self.next_poll = Instant::now() + POLL_INTERVAL;
        match outcome {
            Ok(Ok(claimed)) => {
                self.failing = false;
                self.ready.extend(claimed.deliveries);
                metrics::counter!(telemetry::UNREADABLE).increment(increment(claimed.unreadable.len()));
                self.dead_letter_writer.write(claimed.unreadable);
                if claimed.more {
                    self.next_poll = Instant::now();
                }
            }
            Ok(Err(error)) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(error = chain(&error), "no messages can be taken from the database");
                }
            }
            Err(error) => tracing::error!(error = chain(&error), "a claim ended early"),
        }
    }
}

async fn claim(
    sessions: &Sessions,
    queue: &Prefix,
    lease: &Lease,
    length: Duration,
    most: Most,
) -> Result<Claimed, sqlx::Error> {
    let mut session = sessions.open().await?;
    let outcome = within(PATIENCE, statement::claim(&mut session, queue, lease, length, most)).await;
    session.end(outcome).await
}

impl Drop for Claims {
    fn drop(&mut self) {
        let mut unworked: Vec<Delivery> = self.ready.drain(..).collect();
        if let Some(running) = &mut self.running {
            // A claim that ends after this gives its rows back itself.
            running.close();
            if let Ok(Ok(claimed)) = running.try_recv() {
                unworked.extend(claimed.deliveries);
            }
        }
        if !unworked.is_empty() {
            let acknowledger = self.acknowledger.clone();
            self.tasks.spawn_on(async move { acknowledger.release(unworked).await }, &self.runtime);
        }
    }
}
