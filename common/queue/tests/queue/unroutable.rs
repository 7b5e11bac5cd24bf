//! An unroutable message is never reported as stored, however many are published at once.
//!
//! lapin matches returned messages to publishes by their order, and gets it wrong when the broker
//! acknowledges several at once. The bindings are taken away here and the queues left alone, so that
//! whatever was stored is still there to be counted.

use crate::support::{Backend, Stand, Vandal, ack, eventually, message, next, on, ready};
use anyhow::{Context, Result};
use queue::{Durable, Publisher};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const TASKS: usize = 16;
const ROUNDS: usize = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_routed_is_never_reported_as_stored_in_the_broker() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        let vandal = Vandal::new(&stand.config.prefix).await?;
        let enough = CancellationToken::new();
        let in_broker = Arc::new(AtomicUsize::new(0));
        let mut publishers = JoinSet::new();
        for _ in 0..TASKS {
            publishers.spawn(publish_until(publisher.clone(), enough.clone(), in_broker.clone()));
        }
        for _ in 0..ROUNDS {
            // While messages are on their way to the broker, not while all go elsewhere.
            ready(&publisher).await?;
            let before = in_broker.load(Ordering::Relaxed);
            eventually("the broker stored a message", || async {
                Ok(in_broker.load(Ordering::Relaxed) > before)
            })
            .await?;
            vandal.unbind().await?;
            let status = publisher.watch_broker().context("a broker is configured")?;
            eventually("the broker returned a message", || async { Ok(status.has_changed()?) }).await?;
        }
        ready(&publisher).await?;
        enough.cancel();
        let mut stored = BTreeSet::new();
        while let Some(published) = publishers.join_next().await {
            stored.extend(published??);
        }
        let in_broker = in_broker.load(Ordering::Relaxed);
        assert!(in_broker < stored.len(), "{in_broker} of {}: nothing was refused", stored.len());

        let (mut consumer, _) = stand.consumer();
        let mut missing = stored;
        while !missing.is_empty() {
            let batch =
                next(&mut consumer, 500).await.with_context(|| format!("{} are lost", missing.len()))?;
            for delivery in &batch {
                missing.remove(&delivery.envelope.headers.message_id);
            }
            ack(&consumer, batch).await?;
        }
        // What was refused along with a returned message is in both stores.
        crate::support::settle_the_rest(&stand, &mut consumer).await
    })
    .await
}

/// Publishes one message after another, and counts those that the broker stored.
async fn publish_until(
    publisher: Publisher,
    enough: CancellationToken,
    in_broker: Arc<AtomicUsize>,
) -> Result<Vec<Uuid>> {
    let mut stored = Vec::new();
    while !enough.is_cancelled() {
        let message = message(stored.len());
        let id = message.headers.message_id;
        if publisher.publish(message).await? == Durable::Broker {
            in_broker.fetch_add(1, Ordering::Relaxed);
        }
        stored.push(id);
    }
    Ok(stored)
}
