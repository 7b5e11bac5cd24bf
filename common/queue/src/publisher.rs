//! Publishing: to RabbitMQ if it is there and well, else to PostgreSQL, else not at all, and always
//! within the deadline.

use super::{
    Prefix, QueueConfig,
    amqp::{self, BrokerQueues, BrokerStatus},
    envelope::Envelope,
    postgres::{DatabaseStatus, Writer},
    telemetry,
};
use metrics::{Counter, Histogram};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The part of the deadline that RabbitMQ gets; the spill needs the rest. A confirm takes
/// milliseconds, so a broker that needs longer is stuck.
const BROKER_SHARE: f64 = 0.5;

/// Kibibytes of bodies that may be on their way to the stores at once: 64 MiB, a second of the fastest broker. Who finds no
/// room waits until its own deadline.
const ON_THEIR_WAY: u32 = 64 << 10;

/// When a refused caller should try again: both stores are looked for about once a second.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Stores messages durably. Clones share its connections.
#[derive(Clone)]
pub struct Publisher {
    broker: Option<amqp::Publisher>,
    queues: Option<BrokerQueues>,
    database: Writer,
    prefix: Prefix,
    deadline: Duration,
    room: Arc<Semaphore>,
    tasks: TaskTracker,
    meters: Arc<Meters>,
}

/// Where a message is kept, durably, until a worker has settled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durable {
    /// A quorum queue confirmed it.
    Broker,
    /// PostgreSQL committed it.
    Database,
}

/// Why a message was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Neither store took it within the deadline. It may have been stored all the same, if an
    /// answer was lost: sending it again is right, and does no harm.
    #[error("no store took the message")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
}

/// How the stores are, as far as the publisher knows; never older than some seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherStatus {
    /// `None` without a broker.
    pub broker: Option<BrokerStatus>,
    /// The database, for the spill.
    pub database: DatabaseStatus,
}

impl PublisherStatus {
    /// Whether a message would be stored now.
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.broker == Some(BrokerStatus::Ready) || self.database == DatabaseStatus::Up
    }
}

impl Publisher {
    /// Starts publishing. It does not wait for the stores, nor fail because one is down: it connects
    /// in the background, for ever. Call it within a tokio runtime.
    ///
    /// When `shutdown` is cancelled it finishes what it was given and refuses what comes after, so
    /// cancel it after the requests have been drained. [`Publisher::finished`] waits for the end.
    #[must_use]
    pub fn start(config: &QueueConfig, shutdown: CancellationToken) -> Self {
        telemetry::describe();
        let tasks = TaskTracker::new();
        let database = Writer::start(config, shutdown.clone(), &tasks);
        let broker = amqp::Publisher::start(config, shutdown, &tasks);
        tasks.close();
        Self {
            broker,
            queues: BrokerQueues::new(config),
            database,
            prefix: config.prefix.clone(),
            deadline: config.publish_deadline,
            room: Arc::new(Semaphore::new(usize::try_from(ON_THEIR_WAY).unwrap_or(usize::MAX))),
            tasks,
            meters: Arc::new(Meters::new()),
        }
    }

    /// The queue it publishes to, for [`enqueue`](super::enqueue).
    #[must_use]
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// RabbitMQ's queues, to look at; `None` without a broker.
    #[must_use]
    pub fn broker_queues(&self) -> Option<&BrokerQueues> {
        self.queues.as_ref()
    }

    /// Stores a message durably: `Ok` is returned only after a quorum queue confirmed it, or
    /// PostgreSQL committed it.
    ///
    /// Takes at most the configured deadline, and no time at all when both stores are known to be
    /// down. Dropping the future leaves open whether the message is stored.
    pub async fn publish(&self, envelope: Envelope) -> Result<Durable, PublishError> {
        let started = Instant::now();
        let kibibytes = u32::try_from(envelope.body.len() >> 10).unwrap_or(u32::MAX).clamp(1, ON_THEIR_WAY);
        let room = timeout_at(started + self.deadline, self.room.acquire_many(kibibytes)).await;
        let Ok(Ok(_room)) = room else {
            metrics::counter!(telemetry::REFUSED).increment(1);
            return Err(PublishError::Unavailable { retry_after: RETRY_AFTER });
        };
        if let Some(broker) = &self.broker {
            match broker.publish(&envelope, started + self.deadline.mul_f64(BROKER_SHARE)).await {
                Ok(()) => return Ok(self.meters.stored(Durable::Broker, started)),
                Err(refusal) => {
                    metrics::counter!(telemetry::SPILLED, "reason" => refusal.label()).increment(1);
                }
            }
        }
        match self.database.publish(envelope, started + self.deadline).await {
            Ok(()) => Ok(self.meters.stored(Durable::Database, started)),
            Err(_refusal) => {
                metrics::counter!(telemetry::REFUSED).increment(1);
                Err(PublishError::Unavailable { retry_after: RETRY_AFTER })
            }
        }
    }

    /// How the stores are. Costs nothing and asks nobody, so a health probe may call it.
    #[must_use]
    pub fn status(&self) -> PublisherStatus {
        PublisherStatus {
            broker: self.broker.as_ref().map(|broker| broker.status().borrow().clone()),
            database: self.database.status().borrow().clone(),
        }
    }

    /// The broker's status and each change of it; `None` without a broker.
    #[must_use]
    pub fn watch_broker(&self) -> Option<watch::Receiver<BrokerStatus>> {
        self.broker.as_ref().map(|broker| broker.status().clone())
    }

    /// The database's status and each change of it.
    #[must_use]
    pub fn watch_database(&self) -> watch::Receiver<DatabaseStatus> {
        self.database.status().clone()
    }

    /// Waits, after `shutdown` was cancelled, until everything that was given is stored or refused
    /// and the connections are closed.
    pub async fn finished(&self) {
        self.tasks.wait().await;
    }
}

/// Handles of the metrics that every message touches.
struct Meters {
    broker: (Counter, Histogram),
    database: (Counter, Histogram),
}

impl Meters {
    fn new() -> Self {
        let of = |store: &'static str| {
            (
                metrics::counter!(telemetry::PUBLISHED, "store" => store),
                metrics::histogram!(telemetry::PUBLISH_SECONDS, "store" => store),
            )
        };
        Self { broker: of("broker"), database: of("database") }
    }

    fn stored(&self, durable: Durable, started: Instant) -> Durable {
        let (published, seconds) = match durable {
            Durable::Broker => &self.broker,
            Durable::Database => &self.database,
        };
        published.increment(1);
        seconds.record(started.elapsed());
        durable
    }
}
