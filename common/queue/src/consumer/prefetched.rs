//! What RabbitMQ delivered and no worker has yet.

use crate::{
    Delivery,
    receipt::{BrokerReceipt, Receipt},
    room::Room,
};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

/// How long a batch may take to gather. Longer, and whoever waits for an event to be settled waits for this.
const GATHER: Duration = Duration::from_millis(5);

/// Messages that follow a batch within this are of a load, not of a quiet day.
const BUSY: Duration = Duration::from_millis(30);

/// Deliveries received at once, between two looks at whether the batch is full.
const ONCE: usize = 64;

/// The receiving end of the deliveries, bounded by the prefetch. Dropping it gives back, without
/// blame, what nobody took.
pub(super) struct Prefetched {
    deliveries: mpsc::Receiver<Delivery>,
    /// What was received and did not go out yet.
    fetched: Vec<Delivery>,
    /// When the last batch went out: a message that comes soon after it is likely not the only one.
    last: Option<Instant>,
}

impl Prefetched {
    pub(super) fn new(deliveries: mpsc::Receiver<Delivery>) -> Self {
        Self { deliveries, fetched: Vec::new(), last: None }
    }

    /// Waits until there is something; for ever after shutdown. May be cancelled: nothing is lost by it.
    pub(super) async fn filled(&mut self) {
        if self.deliveries.recv_many(&mut self.fetched, 1).await == 0 {
            std::future::pending::<()>().await;
        }
    }

    /// Waits a moment for more, where the last message was not long ago: a batch costs its worker a commit, however small. A single message on a
    /// quiet day does not wait, nor does nobody for nothing, nor a batch that is full. May be cancelled: nothing is lost by it.
    pub(super) async fn gather(&mut self, max: usize) {
        self.fetch();
        let end = Instant::now() + GATHER;
        let busy = self.last.is_some_and(|last| last.elapsed() < BUSY);
        while busy && !self.fetched.is_empty() && self.fetched.len() < max {
            let more = self.deliveries.recv_many(&mut self.fetched, ONCE);
            match timeout_at(end, more).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    /// Deliveries that there are now, as many as there is room for, and their bytes.
    pub(super) fn take(&mut self, room: Room) -> (Vec<Delivery>, usize) {
        self.fetch();
        if !self.fetched.is_empty() {
            self.last = Some(Instant::now());
        }
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
