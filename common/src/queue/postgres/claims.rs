//! Taking messages: due rows are leased in the order in which they fell due.

use super::{Lease, keeper, listener};
use crate::queue::{
    Delivery, Prefix, QueueConfig,
    backoff::chain,
    delivery::Receipt,
    envelope::{Envelope, Headers},
    settle::{Burial, Undertaker},
    telemetry::{self, increment},
};
use sqlx::PgPool;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    task::{JoinError, JoinHandle},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often an idle worker looks without having been notified: the backstop of a lost notification,
/// and how late a retry may be.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long a claim may take before the database counts as down for it.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(5);

/// The claiming half of a consumer. A claim runs in the background, so that messages of RabbitMQ do
/// not wait for it, and the next one overlaps with the worker's work on the last.
pub(in crate::queue) struct Claims {
    pool: PgPool,
    queue: Prefix,
    lease: Lease,
    lease_length: Duration,
    undertaker: Undertaker,
    wake: Arc<Notify>,
    ready: VecDeque<Delivery>,
    running: Option<JoinHandle<Result<Claimed, sqlx::Error>>>,
    next_poll: Instant,
    failing: bool,
}

struct Claimed {
    deliveries: Vec<Delivery>,
    unreadable: Vec<Burial>,
    /// The claim found as many as it asked for.
    more: bool,
}

impl Claims {
    /// Starts the listener and the keeper of the leases; they run until `stop`.
    pub(in crate::queue) fn start(
        config: &QueueConfig,
        pool: PgPool,
        undertaker: Undertaker,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Self {
        let (wake, lease) = (Arc::new(Notify::new()), Lease::new());
        tasks.spawn(listener::run(config.clone(), Arc::clone(&wake), stop.clone()));
        let (queue, length) = (config.prefix.clone(), config.lease);
        tasks.spawn(keeper::run(pool.clone(), queue.clone(), lease.clone(), length, stop.clone()));
        Self {
            pool,
            queue,
            lease,
            lease_length: length,
            undertaker,
            wake,
            ready: VecDeque::new(),
            running: None,
            next_poll: Instant::now(),
            failing: false,
        }
    }

    /// Begins to claim up to `max` rows if a look is due.
    pub(in crate::queue) fn claim_if_due(&mut self, max: usize) {
        if self.running.is_some() || !self.ready.is_empty() || Instant::now() < self.next_poll {
            return;
        }
        let (pool, queue, lease) = (self.pool.clone(), self.queue.clone(), self.lease.clone());
        let length = self.lease_length;
        self.running = Some(tokio::spawn(async move {
            timeout(CLAIM_TIMEOUT, claim(&pool, &queue, &lease, length, max))
                .await
                .unwrap_or(Err(sqlx::Error::PoolTimedOut))
        }));
    }

    /// Waits until a claim has ended or a new one is due. It may be called again if it was cancelled.
    pub(in crate::queue) async fn changed(&mut self) {
        if let Some(running) = &mut self.running {
            let outcome = running.await;
            self.running = None;
            self.take_up(outcome);
        } else {
            tokio::select! {
                () = self.wake.notified() => self.next_poll = Instant::now(),
                () = tokio::time::sleep_until(self.next_poll) => {}
            }
        }
    }

    /// Up to `max` claimed messages, if there are any now.
    pub(in crate::queue) fn take(&mut self, max: usize) -> impl Iterator<Item = Delivery> {
        self.ready.drain(..max.min(self.ready.len()))
    }

    /// Ends the claim that runs and gives up everything that was not taken.
    pub(in crate::queue) async fn finish(&mut self) -> Vec<Delivery> {
        if self.running.is_some() {
            self.changed().await;
        }
        self.ready.drain(..).collect()
    }

    fn take_up(&mut self, outcome: Result<Result<Claimed, sqlx::Error>, JoinError>) {
        self.next_poll = Instant::now() + POLL_INTERVAL;
        match outcome {
            Ok(Ok(claimed)) => {
                self.failing = false;
                self.ready.extend(claimed.deliveries);
                metrics::counter!(telemetry::BURIED, "reason" => "malformed")
                    .increment(increment(claimed.unreadable.len()));
                self.undertaker.bury(claimed.unreadable);
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
    pool: &PgPool,
    queue: &Prefix,
    lease: &Lease,
    length: Duration,
    max: usize,
) -> Result<Claimed, sqlx::Error> {
    // Rows that another worker claims at this moment are locked, and skipped. A row whose lease
    // ended was in the hands of a worker that died or stalled: that delivery counts as failed.
    let rows = sqlx::query!(
        r#"WITH due AS (
             SELECT id, lease IS NOT NULL AS expired
             FROM queue_messages
             WHERE queue = $1 AND run_at <= now() AND (leased_until IS NULL OR leased_until <= now())
             ORDER BY run_at, id
             LIMIT $2
             FOR UPDATE SKIP LOCKED
         )
         UPDATE queue_messages AS message
         SET lease = $3,
             leased_until = now() + make_interval(secs => $4),
             attempt = attempt + CASE WHEN due.expired THEN 1 ELSE 0 END
         FROM due
         WHERE message.id = due.id
         RETURNING message.id, message.headers, message.body, message.attempt"#,
        queue.as_str(),
        i64::try_from(max).unwrap_or(i64::MAX),
        lease.name,
        length.as_secs_f64(),
    )
    .fetch_all(pool)
    .await?;
    let mut claimed = Claimed { more: rows.len() >= max, deliveries: Vec::new(), unreadable: Vec::new() };
    for row in rows {
        let receipt = Receipt::Database(lease.hold(row.id));
        let attempt = u32::try_from(row.attempt).unwrap_or(0);
        match Headers::from_json(row.headers.clone()) {
            Ok(headers) => claimed.deliveries.push(Delivery {
                envelope: Envelope { headers, body: row.body.into() },
                attempt,
                redelivered: attempt > 0,
                receipt,
            }),
            Err(error) => claimed.unreadable.push(Burial {
                headers: row.headers,
                body: row.body.into(),
                attempts: attempt.saturating_add(1),
                reason: chain(&error),
                receipt,
            }),
        }
    }
    Ok(claimed)
}
