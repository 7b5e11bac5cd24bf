//! What happens when RabbitMQ runs short of memory: it blocks publishers, silently and for as long as it likes.

use crate::support::{Backend, PATIENCE, PrivateBroker, Stand, ack, ids, message, next, on, ready};
use anyhow::{Context, Result};
use futures::future::join_all;
use queue::{BrokerStatus, Consumer, Durable, Publisher};
use std::{collections::BTreeSet, sync::Arc};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn during_an_alarm_messages_are_spilled_within_the_deadline_and_then_go_back() -> Result<()> {
    let broker = PrivateBroker::start().await?;
    let outcome =
        on(Backend::Postgres, async |stand: Arc<Stand>| spill_and_return(&stand, &broker).await).await;
    broker.stop().await?;
    outcome
}

async fn spill_and_return(stand: &Stand, broker: &PrivateBroker) -> Result<()> {
    let mut config = stand.config.clone();
    config.broker = Some(broker.url().parse().map_err(anyhow::Error::msg)?);
    let shutdown = CancellationToken::new();
    let publisher = Publisher::start(&config, shutdown.clone());
    ready(&publisher).await?;
    let mut accepted = BTreeSet::new();
    accepted.extend(stored(&publisher, 10, Durable::Broker).await?);

    broker.memory_watermark("0.0001").await?;
    // RabbitMQ tells a connection of the alarm when that next publishes: the first publishes hang on it.
    for _ in 0..3 {
        let started = Instant::now();
        accepted.extend(stored(&publisher, 50, Durable::Database).await?);
        assert!(started.elapsed() < config.publish_deadline, "{:?}", started.elapsed());
    }
    let status = publisher.status();
    assert!(matches!(status.broker, Some(BrokerStatus::Blocked { .. })), "{status:?}");
    assert!(status.accepts());

    // Consuming goes on meanwhile.
    let mut consumer = Consumer::start(&config, shutdown.child_token());
    let mut settled = BTreeSet::new();
    while !accepted.is_subset(&settled) {
        settle_next(&mut consumer, &mut settled).await?;
    }

    broker.memory_watermark("0.4").await?;
    ready(&publisher).await?;
    let back = stored(&publisher, 10, Durable::Broker).await?;
    while !back.is_subset(&settled) {
        settle_next(&mut consumer, &mut settled).await?;
    }
    shutdown.cancel();
    timeout(PATIENCE, publisher.finished()).await.context("the publisher did not finish")?;
    timeout(PATIENCE, consumer.finished()).await.context("the consumer did not finish")
}

async fn settle_next(consumer: &mut Consumer, settled: &mut BTreeSet<uuid::Uuid>) -> Result<()> {
    let batch = next(consumer, 500).await?;
    settled.extend(ids(&batch));
    ack(consumer, batch).await
}

/// Publishes `n` messages at once, sees where they were stored and returns their ids.
async fn stored(publisher: &Publisher, n: usize, expected: Durable) -> Result<BTreeSet<uuid::Uuid>> {
    let messages: Vec<_> = (0..n).map(message).collect();
    let published = messages.iter().map(|message| message.headers.message_id).collect();
    for outcome in join_all(messages.into_iter().map(|message| publisher.publish(message))).await {
        assert_eq!(outcome, Ok(expected));
    }
    Ok(published)
}
