//! Stores what no worker decided on: messages that can't be read become dead letters, and those that RabbitMQ gave
//! up are parked, so that they come back alone.

use super::{
    dead_letter_row::{DeadLetterRow, DeadLetterRows},
    names,
    statements::{self, PutAside},
};
use crate::{
    Prefix,
    backoff::{self, chain},
    envelope::Envelope,
    receipt::{BrokerReceipt, Receipt},
    sessions::PATIENCE,
};
use chrono::Utc;
use database::{Sessions, within};
use sqlx::{Connection, PgConnection};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Messages stored in one transaction: of the largest, as many as RabbitMQ delivers ahead.
const BATCH: usize = 16;

/// A message that RabbitMQ gave up, since it was delivered too often without an answer. No worker has judged it: it may
/// be what they died of, or have been in the same hands.
#[derive(Debug)]
pub(crate) struct Parked {
    /// The message.
    pub(crate) envelope: Envelope,
    /// How many deliveries failed.
    pub(crate) attempt: u32,
    /// What RabbitMQ said.
    pub(crate) reason: String,
    /// Where it came from.
    pub(crate) receipt: BrokerReceipt,
}

/// What is stored.
#[derive(Debug)]
enum Errand {
    DeadLetter(DeadLetterRow),
    Park(Parked),
}

/// A handle on the storing task; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct DeadLetterWriter {
    // Not bounded here, but by what may be delivered unsettled: the prefetch and the claimed batch.
    inbox: mpsc::UnboundedSender<Errand>,
}

impl DeadLetterWriter {
    /// Starts the task, which runs until `stop`. What it has not stored by then is delivered again.
    pub(crate) fn start(
        sessions: Sessions,
        queue: Prefix,
        stop: CancellationToken,
        tasks: &TaskTracker,
    ) -> Self {
        let (inbox, errands) = mpsc::unbounded_channel();
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = run(&sessions, &queue, errands) => {}
            }
        });
        Self { inbox }
    }

    /// Makes dead letters of the messages as soon as the database allows.
    pub(crate) fn write(&self, rows: impl IntoIterator<Item = DeadLetterRow>) {
        for row in rows {
            tracing::error!(reason = row.reason, attempts = row.attempts, "a message is a dead letter");
            // After the end of the task it is dropped, and so delivered again.
            let _ = self.inbox.send(Errand::DeadLetter(row));
        }
    }

    /// Parks a message as soon as the database allows.
    pub(crate) fn park(&self, parked: Parked) {
        let id = parked.envelope.headers.message_id;
        tracing::warn!(message.id = %id, reason = parked.reason, "a message comes back alone");
        let _ = self.inbox.send(Errand::Park(parked));
    }
}

async fn run(sessions: &Sessions, queue: &Prefix, mut errands: mpsc::UnboundedReceiver<Errand>) {
    let mut batch = Vec::new();
    while errands.recv_many(&mut batch, BATCH).await > 0 {
        let mut delays = backoff::forever();
        while let Err(error) = store(sessions, queue, &batch).await {
            tracing::warn!(
                error = chain(&error),
                "what no worker decided on could not be stored; it is held"
            );
            sleep(delays.next().unwrap_or_default()).await;
        }
        BrokerReceipt::ack(batch.drain(..).filter_map(|errand| match errand {
            Errand::Park(Parked { receipt, .. })
            | Errand::DeadLetter(DeadLetterRow { receipt: Receipt::Broker(receipt), .. }) => Some(receipt),
            Errand::DeadLetter(DeadLetterRow { receipt: Receipt::Database(_), .. }) => None,
        }));
    }
}

async fn store(sessions: &Sessions, queue: &Prefix, errands: &[Errand]) -> Result<(), sqlx::Error> {
    let mut session = sessions.open().await?;
    let outcome = within(PATIENCE, insert(&mut session, queue, errands)).await;
    session.end(outcome).await
}

async fn insert(
    connection: &mut PgConnection,
    queue: &Prefix,
    errands: &[Errand],
) -> Result<(), sqlx::Error> {
    let (mut dead_letters, mut parking) = (DeadLetterRows::default(), PutAside::default());
    let (mut rows, mut leases) = (Vec::new(), Vec::new());
    let now = Utc::now();
    for errand in errands {
        match errand {
            Errand::Park(Parked { envelope, attempt, reason, .. }) => {
                parking.push(&envelope.headers, &envelope.body, *attempt, now, reason);
            }
            Errand::DeadLetter(row) => {
                dead_letters.push_row(row);
                if let Receipt::Database(receipt) = &row.receipt {
                    rows.push(receipt.id);
                    leases.push(&receipt.lease);
                }
            }
        }
    }
    let mut transaction = connection.begin().await?;
    if !dead_letters.is_empty() {
        dead_letters.insert(&mut *transaction, queue).await?;
    }
    if !parking.is_empty() {
        parking.insert(&mut *transaction, queue).await?;
    }
    statements::delete(&mut *transaction, &rows, &names(leases.into_iter())).await?;
    transaction.commit().await
}
