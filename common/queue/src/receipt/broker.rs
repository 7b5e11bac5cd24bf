//! What a delivery of RabbitMQ needs to be answered.

use tokio::sync::mpsc;

/// The right and the duty to answer one delivery, on the channel it came by and no other: once that
/// channel is gone the answer goes nowhere, and the broker delivers again.
#[derive(Debug)]
pub(crate) struct BrokerReceipt {
    tag: u64,
    session: mpsc::UnboundedSender<Answer>,
    answered: bool,
}

/// An answer to deliveries, for the task that owns their channel.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) tags: Vec<u64>,
    pub(crate) reply: Reply,
}

/// How deliveries are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Done with.
    Ack,
    /// For another worker, without blame: since RabbitMQ 4.3 that does not count as a failure.
    Requeue,
    /// For another worker, as a failed delivery: counted by every version.
    Fail,
}

impl BrokerReceipt {
    pub(crate) fn new(tag: u64, session: mpsc::UnboundedSender<Answer>) -> Self {
        Self { tag, session, answered: false }
    }

    /// Whether the channel is gone.
    pub(crate) fn is_stale(&self) -> bool {
        self.session.is_closed()
    }

    /// Acknowledges the deliveries.
    pub(crate) fn ack(receipts: impl IntoIterator<Item = Self>) {
        answer(receipts, Reply::Ack);
    }

    /// Hands the deliveries back unworked.
    pub(crate) fn requeue(receipts: impl IntoIterator<Item = Self>) {
        answer(receipts, Reply::Requeue);
    }
}

impl Drop for BrokerReceipt {
    fn drop(&mut self) {
        if !self.answered {
            let _ = self.session.send(Answer { tags: vec![self.tag], reply: Reply::Fail });
        }
    }
}

/// One answer for each session that the receipts belong to.
fn answer(receipts: impl IntoIterator<Item = BrokerReceipt>, reply: Reply) {
    let mut sessions: Vec<(mpsc::UnboundedSender<Answer>, Vec<u64>)> = Vec::new();
    for mut receipt in receipts {
        receipt.answered = true;
        match sessions.iter_mut().find(|(session, _)| session.same_channel(&receipt.session)) {
            Some((_, tags)) => tags.push(receipt.tag),
            None => sessions.push((receipt.session.clone(), vec![receipt.tag])),
        }
    }
    for (session, tags) in sessions {
        let messages = tags.len();
        if session.send(Answer { tags, reply }).is_err() {
            tracing::info!(messages, "the connection is gone; RabbitMQ will deliver these messages again");
        }
    }
}
