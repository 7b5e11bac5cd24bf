//! What RabbitMQ delivered and no worker has yet.

use crate::{
    Delivery,
    receipt::{BrokerReceipt, Receipt},
    room::Room,
};
use tokio::sync::mpsc;

/// Deliveries received at once.
const ONCE: usize = 64;

/// The receiving end of the deliveries, bounded by the prefetch. Dropping it gives back, without
/// blame, what nobody took.
pub(super) struct Prefetched {
    deliveries: mpsc::Receiver<Delivery>,
    /// What was received and did not go out yet.
    fetched: Vec<Delivery>,
}

impl Prefetched {
    pub(super) fn new(deliveries: mpsc::Receiver<Delivery>) -> Self {
        Self { deliveries, fetched: Vec::new() }
    }

    /// Waits until there is something more; for ever after shutdown. May be cancelled: nothing is lost by it.
    pub(super) async fn filled(&mut self) {
        if self.deliveries.recv_many(&mut self.fetched, ONCE).await == 0 {
            std::future::pending::<()>().await;
        }
    }

    /// How many were received and did not go out yet.
    pub(super) fn fetched(&self) -> usize {
        self.fetched.len()
    }

    /// Deliveries that there are now, as many as there is room for, and their bytes.
    pub(super) fn take(&mut self, room: Room) -> (Vec<Delivery>, usize) {
        self.fetch();
        let (messages, bytes) = room.fitting(self.fetched.iter());
        (self.fetched.drain(..messages).collect(), bytes)
    }

    /// Looks what has come. RabbitMQ delivers a stale one again, by another connection.
    fn fetch(&mut self) {
        while let Ok(delivery) = self.deliveries.try_recv() {
            self.fetched.push(delivery);
        }
        self.fetched.retain(|delivery| !delivery.is_stale());
    }

    /// Takes no more, and gives up what was not taken.
    pub(super) fn close(&mut self) -> Vec<Delivery> {
        self.deliveries.close();
        self.fetch();
        std::mem::take(&mut self.fetched)
    }
}

impl Drop for Prefetched {
    fn drop(&mut self) {
        BrokerReceipt::requeue(self.close().into_iter().filter_map(|delivery| match delivery.receipt {
            Receipt::Broker(receipt) => Some(receipt),
            Receipt::Database(_) => None,
        }));
    }
}
