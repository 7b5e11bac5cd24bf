//! Buries messages without a worker's word: those that can't be read, and those that RabbitMQ gave up.

use super::{
    burial::{Burial, Graves},
    names, statements,
};
use crate::{
    Prefix,
    amqp::BrokerReceipt,
    backoff::{self, chain},
    delivery::Receipt,
};
use sqlx::PgPool;
use tokio::{sync::mpsc, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Messages buried in one transaction.
const BATCH: usize = 64;

/// A handle on the burying task; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Undertaker {
    // Not bounded here, but by what may be delivered unsettled: the prefetch and the claimed batch.
    inbox: mpsc::UnboundedSender<Burial>,
}

impl Undertaker {
    /// Starts the task, which runs until `stop`. What it has not buried by then is delivered again.
    pub(crate) fn start(pool: PgPool, queue: Prefix, stop: CancellationToken, tasks: &TaskTracker) -> Self {
        let (inbox, burials) = mpsc::unbounded_channel();
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = run(&pool, &queue, burials) => {}
            }
        });
        Self { inbox }
    }

    /// Buries the messages as soon as the database allows.
    pub(crate) fn bury(&self, burials: impl IntoIterator<Item = Burial>) {
        for burial in burials {
            tracing::error!(reason = burial.reason, attempts = burial.attempts, "a message is a dead letter");
            // After the end of the task it is dropped, and so delivered again.
            let _ = self.inbox.send(burial);
        }
    }
}

async fn run(pool: &PgPool, queue: &Prefix, mut burials: mpsc::UnboundedReceiver<Burial>) {
    let mut batch = Vec::new();
    while burials.recv_many(&mut batch, BATCH).await > 0 {
        let mut delays = backoff::forever();
        while let Err(error) = bury(pool, queue, &batch).await {
            tracing::warn!(error = chain(&error), "dead letters could not be stored; they are held");
            sleep(delays.next().unwrap_or_default()).await;
        }
        BrokerReceipt::ack(batch.drain(..).filter_map(|burial| match burial.receipt {
            Receipt::Broker(receipt) => Some(receipt),
            Receipt::Database(_) => None,
        }));
    }
}

async fn bury(pool: &PgPool, queue: &Prefix, burials: &[Burial]) -> Result<(), sqlx::Error> {
    let mut graves = Graves::default();
    let (mut rows, mut leases) = (Vec::new(), Vec::new());
    for burial in burials {
        graves.push_burial(burial);
        if let Receipt::Database(receipt) = &burial.receipt {
            rows.push(receipt.id);
            leases.push(&receipt.lease);
        }
    }
    let mut transaction = pool.begin().await?;
    graves.insert(&mut *transaction, queue).await?;
    statements::delete(&mut *transaction, &rows, &names(leases.into_iter())).await?;
    transaction.commit().await
}
