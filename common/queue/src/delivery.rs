//! A message in a worker's hands.

use super::{envelope::Envelope, receipt::Receipt};

/// A message in a worker's hands, until it is settled or released.
///
/// Dropping it unsettled gives it back as a failed delivery: RabbitMQ delivers it again at once,
/// PostgreSQL when its lease ends.
#[derive(Debug)]
pub struct Delivery {
    /// The message.
    pub envelope: Envelope,
    /// How many deliveries failed before this one: 0 at first. Retries count, and so do workers that
    /// died with the message in hand, whether or not it was the cause.
    pub attempt: u32,
    /// Whether somebody may have worked on it before.
    pub redelivered: bool,
    pub(super) receipt: Receipt,
}

impl Delivery {
    /// Whether it is a row of the database: only of those it can be told which one a worker died of
    /// ([`Acknowledger::try_alone`](crate::Acknowledger::try_alone)).
    #[must_use]
    pub fn can_be_tried(&self) -> bool {
        matches!(self.receipt, Receipt::Database(_))
    }

    /// Whether the connection it came by is gone, and RabbitMQ delivers it again anyway.
    pub(super) fn is_stale(&self) -> bool {
        match &self.receipt {
            Receipt::Broker(receipt) => receipt.is_stale(),
            Receipt::Database(_) => false,
        }
    }
}
