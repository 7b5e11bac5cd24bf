//! The queue between the API and the workers: confirmed publishing, consumption in batches, retries
//! and dead letters, over RabbitMQ or PostgreSQL with one behaviour.
//!
//! A [`Publisher`] hands a message to RabbitMQ when it is configured and well, and to PostgreSQL
//! otherwise. A [`Consumer`] takes from both, so what was spilled, or put off, needs no relay.
//! Delivery is at least once: whoever settles a message must tolerate seeing it again.
//!
//! | what | where it is kept |
//! |---|---|
//! | a new message | one of RabbitMQ's quorum queues, by its size, or `queue_messages` |
//! | a message put off ([`Disposition::Retry`], [`Disposition::PutOff`]) | `queue_messages`, until `run_at` |
//! | a message that RabbitMQ delivered to its limit | `queue_messages`: no worker has judged it yet |
//! | a message nobody can settle, or read | [`dead_letters`] |

mod acknowledge;
mod amqp;
mod backlog;
mod backoff;
pub mod bare;
mod config;
mod consumer;
pub mod dead_letters;
mod delivery;
pub mod envelope;
mod postgres;
mod publisher;
mod receipt;
mod room;
mod sessions;
mod telemetry;

pub use acknowledge::{AckError, Acknowledger};
pub use amqp::{BrokerQueue, BrokerQueues, BrokerSeen, BrokerStatus, Unasked, examine};
pub use backlog::{Backlog, backlog};
pub use config::{ConfigError, Prefix, QueueConfig};
pub use consumer::Consumer;
pub use delivery::Delivery;
pub use postgres::{DatabaseStatus, enqueue, enqueue_all, waiting};
pub use publisher::{Durable, PublishError, Publisher, PublisherStatus};

use chrono::{DateTime, Utc};

/// What becomes of a delivery. The worker decides, the queue obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Its effects are committed.
    Ack,
    /// Deliver it again, not before `at`, as one that failed.
    Retry {
        /// The earliest time.
        at: DateTime<Utc>,
        /// For whoever wonders why it waits.
        reason: String,
    },
    /// Deliver it again, not before `at`, without blame: it was not worked on, since somebody else is in its way, or is to
    /// come alone.
    PutOff {
        /// The earliest time.
        at: DateTime<Utc>,
        /// For whoever wonders why it waits.
        reason: String,
    },
    /// Nobody can settle it as it is: keep it for a person.
    DeadLetter {
        /// What has to be mended.
        reason: String,
    },
}
