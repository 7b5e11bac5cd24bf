//! What RabbitMQ delivered and no worker has yet.

use crate::queue::{Delivery, amqp::BrokerReceipt, delivery::Receipt};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

/// A backlog arrives message by message. Once this long nothing came, a batch is what there is.
const QUIET: Duration = Duration::from_millis(1);

/// How long a batch may take to gather, however steadily messages come.
const GATHERING: Duration = Duration::from_millis(10);

/// The receiving end of the deliveries, bounded by the prefetch. Dropping it gives back, without
/// blame, what nobody took.
pub(super) struct Inbox {
    deliveries: mpsc::Receiver<Delivery>,
    /// What was received and did not go out yet.
    fetched: Vec<Delivery>,
}

impl Inbox {
    pub(super) fn new(deliveries: mpsc::Receiver<Delivery>) -> Self {
        Self { deliveries, fetched: Vec::new() }
    }

    /// Waits until there is something, and if messages come one after another then until there are
    /// `wanted`, or they cease. May be cancelled: nothing is lost by it. Waits for ever after shutdown.
    pub(super) async fn filled(&mut self, wanted: usize) {
        if self.deliveries.recv_many(&mut self.fetched, wanted).await == 0 {
            return std::future::pending().await;
        }
        let last = Instant::now() + GATHERING;
        // A message that came alone is not kept waiting.
        while (2..wanted).contains(&self.fetched.len()) && Instant::now() < last {
            let more = self.deliveries.recv_many(&mut self.fetched, wanted);
            match timeout_at(last.min(Instant::now() + QUIET), more).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    /// Up to `max` deliveries that there are now. RabbitMQ delivers a stale one again, by another connection.
    pub(super) fn take(&mut self, max: usize) -> Vec<Delivery> {
        while let Ok(delivery) = self.deliveries.try_recv() {
            self.fetched.push(delivery);
        }
        self.fetched.retain(|delivery| !delivery.is_stale());
        self.fetched.drain(..max.min(self.fetched.len())).collect()
    }

    /// Takes no more, and gives up what was not taken.
    pub(super) fn close(&mut self) -> Vec<Delivery> {
        self.deliveries.close();
        self.take(usize::MAX)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        BrokerReceipt::requeue(self.close().into_iter().filter_map(|delivery| match delivery.receipt {
            Receipt::Broker(receipt) => Some(receipt),
            Receipt::Database(_) => None,
        }));
    }
}
