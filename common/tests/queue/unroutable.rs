//! An unroutable message is never reported as stored, however many are published at once.
//!
//! lapin matches returned messages to publishes by their order, and gets it wrong when the broker
//! acknowledges several at once. The bindings are taken away here and the queues left alone, so that
//! whatever was stored is still there to be counted.

use crate::support::{Backend, Stand, Vandal, ack, eventually, message, next, on, ready};
use anyhow::{Context, Result};
use common::queue::{Durable, Publisher};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
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
        let mut publishers = JoinSet::new();
        for _ in 0..TASKS {
            publishers.spawn(publish_until(publisher.clone(), enough.clone()));
        }
        for _ in 0..ROUNDS {
            ready(&publisher).await?;
            vandal.unbind().await?;
            let status = publisher.watch_broker().context("a broker is configured")?;
            eventually("the broker returned a message", || async { Ok(status.has_changed()?) }).await?;
        }
        ready(&publisher).await?;
        enough.cancel();
        let mut stored = BTreeMap::new();
        while let Some(published) = publishers.join_next().await {
            stored.extend(published??);
        }
        let in_broker = stored.values().filter(|&&durable| durable == Durable::Broker).count();
        assert!(in_broker > 0 && in_broker < stored.len(), "{in_broker} of {}", stored.len());

        let (mut consumer, _) = stand.consumer();
        let mut missing: BTreeSet<Uuid> = stored.into_keys().collect();
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

/// Publishes one message after another and says where each was stored.
async fn publish_until(publisher: Publisher, enough: CancellationToken) -> Result<Vec<(Uuid, Durable)>> {
    let mut stored = Vec::new();
    while !enough.is_cancelled() {
        let message = message(stored.len());
        let id = message.headers.message_id;
        stored.push((id, publisher.publish(message).await?));
    }
    Ok(stored)
}
