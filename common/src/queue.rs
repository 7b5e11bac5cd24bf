//! The queue between the API and the workers: confirmed publishing, consumption in batches, retries
//! and dead letters, over RabbitMQ or PostgreSQL with one behaviour.

pub mod envelope;

use chrono::{DateTime, Utc};

/// What becomes of a delivery. The worker decides, the queue obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Its effects are committed.
    Ack,
    /// Deliver it again, not before `at`.
    Retry {
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
