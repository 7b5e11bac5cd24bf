//! Consuming: batches from RabbitMQ and PostgreSQL at once, whichever has something.

mod prefetched;

use super::{
    AckError, Acknowledger, Delivery, Disposition, QueueConfig,
    acknowledge::DeadLetterWriter,
    amqp,
    postgres::Claims,
    receipt::Receipt,
    room::Room,
    sessions,
    telemetry::{self, increment},
};
use prefetched::Prefetched;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

/// Takes messages in batches. One worker has one.
///
/// When it is dropped, what it fetched ahead is handed back, and whatever it handed out and was not
/// settled is delivered again.
pub struct Consumer {
    /// Ends the consuming from RabbitMQ. Dropped first: what is given back must not come back here.
    halt: DropGuard,
    /// Deliveries of RabbitMQ, if there is one.
    broker: Option<Prefetched>,
    claims: Claims,
    acknowledger: Acknowledger,
    batch_bytes: usize,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    /// Ends the tasks that serve deliveries in hand.
    stop: DropGuard,
}

impl Consumer {
    /// Starts consuming. It does not wait for the stores, nor fail because one is down: it connects
    /// in the background, for ever. Call it within a tokio runtime.
    ///
    /// When `shutdown` is cancelled no more batches come, and what was fetched ahead is handed back;
    /// batches in hand can still be settled or released.
    #[must_use]
    pub fn start(config: &QueueConfig, shutdown: CancellationToken) -> Self {
        telemetry::describe();
        let (tasks, stop, halt) = (TaskTracker::new(), CancellationToken::new(), shutdown.child_token());
        let sessions = sessions::sessions(config);
        let dead_letter_writer =
            DeadLetterWriter::start(sessions.clone(), config.prefix.clone(), stop.clone(), &tasks);
        let claims = Claims::start(config, sessions.clone(), dead_letter_writer.clone(), &stop, &tasks);
        let broker = amqp::consume(config, dead_letter_writer, halt.clone(), &tasks).map(Prefetched::new);
        tasks.close();
        let acknowledger = Acknowledger::new(sessions, config.prefix.clone());
        let (halt, stop) = (halt.drop_guard(), stop.drop_guard());
        Self { halt, broker, claims, acknowledger, batch_bytes: config.batch_bytes, shutdown, tasks, stop }
    }

    /// The next messages, at most `max` and no more than a batch's bytes: waits for the first and takes what is there. More gather by
    /// themselves while whoever asks is busy, so batches grow with the load. `None` after shutdown.
    ///
    /// While both stores have messages each gives half. May be cancelled: nothing is lost by it.
    pub async fn next_batch(&mut self, max: usize) -> Option<Vec<Delivery>> {
        let max = max.max(1);
        while !self.shutdown.is_cancelled() {
            self.claims.claim_if_due(max);
            let batch = self.take(max);
            if !batch.is_empty() {
                // The next claim runs while the worker works on this batch.
                self.claims.claim_if_due(max);
                measure(&batch);
                return Some(batch);
            }
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = self.claims.changed() => {}
                () = filled(self.broker.as_mut()) => {}
            }
        }
        self.hand_back().await;
        None
    }

    /// Waits until `count` messages of a batch of `max` are there to be taken, or for the shutdown. Bound it: of PostgreSQL's queue no more
    /// is claimed before what was claimed is taken, so fewer may be there for as long as nobody takes them. May be cancelled: nothing is
    /// lost by it.
    pub async fn holds(&mut self, count: usize, max: usize) {
        loop {
            self.claims.claim_if_due(max.max(1));
            let held = self.claims.ready() + self.broker.as_ref().map_or(0, Prefetched::fetched);
            if held >= count || self.shutdown.is_cancelled() {
                return;
            }
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = self.claims.changed() => {}
                () = filled(self.broker.as_mut()) => {}
            }
        }
    }

    /// Settles deliveries; see [`Acknowledger::finish`].
    pub async fn finish(&self, outcomes: Vec<(Delivery, Disposition)>) -> Result<(), AckError> {
        self.acknowledger.finish(outcomes).await
    }

    /// Hands deliveries back unworked; see [`Acknowledger::release`].
    pub async fn release(&self, deliveries: Vec<Delivery>) {
        self.acknowledger.release(deliveries).await;
    }

    /// Settles from other tasks, while this one takes the next batch.
    #[must_use]
    pub fn acknowledger(&self) -> Acknowledger {
        self.acknowledger.clone()
    }

    /// Waits, after `shutdown` was cancelled and every delivery was settled or released, until
    /// RabbitMQ was told and the connections are closed.
    pub async fn finished(self) {
        let Self { halt, broker, claims, tasks, stop, .. } = self;
        drop((halt, broker, claims, stop));
        tasks.wait().await;
    }

    /// What both stores have ready now, at most `max`, half from each while both have enough.
    fn take(&mut self, max: usize) -> Vec<Delivery> {
        let share = if self.broker.is_some() { max.div_ceil(2) } else { max };
        let room = Room::new(max, self.batch_bytes);
        let (mut batch, mut bytes) = self.claims.take(room.at_most(share));
        if let Some(broker) = &mut self.broker {
            let (more, size) = broker.take(room.less(batch.len(), bytes));
            batch.extend(more);
            bytes += size;
        }
        let (more, _) = self.claims.take(room.less(batch.len(), bytes));
        batch.extend(more);
        batch
    }

    async fn hand_back(&mut self) {
        let mut fetched = self.claims.finish().await;
        fetched.extend(self.broker.as_mut().map(Prefetched::close).unwrap_or_default());
        if !fetched.is_empty() {
            self.release(fetched).await;
        }
    }
}

/// Waits for RabbitMQ to deliver; for ever without one.
async fn filled(broker: Option<&mut Prefetched>) {
    match broker {
        Some(broker) => broker.filled().await,
        None => std::future::pending().await,
    }
}

fn measure(batch: &[Delivery]) {
    let (broker, database): (Vec<_>, Vec<_>) =
        batch.iter().partition(|delivery| matches!(delivery.receipt, Receipt::Broker(_)));
    metrics::counter!(telemetry::CONSUMED, "store" => "broker").increment(increment(broker.len()));
    metrics::counter!(telemetry::CONSUMED, "store" => "database").increment(increment(database.len()));
}
