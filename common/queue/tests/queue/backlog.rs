//! A backlog is handed out in full batches to who waits for them, and settled with few frames.

use crate::support::{Backend, PATIENCE, Stand, ack, message, next, on};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use queue::{Durable, Publisher};
use std::sync::Arc;
use tokio::time::{Instant, timeout};

const BACKLOG: usize = 10_000;
const BATCH: usize = 500;

/// A frame that acknowledges: 7 bytes of header, 13 of method, 1 at the end.
const ACK_FRAME: u64 = 21;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_in_rabbitmq_comes_in_full_batches_and_is_acknowledged_in_few_frames() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        let started = Instant::now();
        fill(&publisher).await?;
        let filling = started.elapsed();

        let wire = stand.wire.as_ref().context("a wire")?;
        let (mut consumer, _) = stand.consumer();
        let mut in_hand = vec![next(&mut consumer, BATCH).await?];
        // Connecting is over.
        let (started, sent) = (Instant::now(), wire.sent());
        let mut sizes = Vec::new();
        let mut left = BACKLOG;
        while let Some(batch) = in_hand.pop() {
            sizes.push(batch.len());
            left -= batch.len();
            ack(&consumer, batch).await?;
            if left > 0 {
                timeout(PATIENCE, consumer.holds(BATCH.min(left), BATCH))
                    .await
                    .context("it never holds a batch")?;
                in_hand.push(next(&mut consumer, BATCH).await?);
            }
        }
        let (emptying, frames) = (started.elapsed(), (wire.sent() - sent) / ACK_FRAME);
        let figures = format!("filled in {filling:?}, emptied in {emptying:?}, {frames} frames, {sizes:?}");
        // The first is what had come until it was asked for.
        assert!(sizes.len() <= BACKLOG / BATCH + 1, "{figures}");
        // Heartbeats are among them, and the consumers of the other queues.
        assert!(frames <= u64::try_from(sizes.len())? + 40, "{figures}");
        Ok(())
    })
    .await
}

async fn fill(publisher: &Publisher) -> Result<()> {
    stream::iter(0..BACKLOG)
        .map(|n| publisher.publish(message(n)))
        // As many as are in flight anyway: with more some would go to the database.
        .buffer_unordered(256)
        .map_err(anyhow::Error::from)
        .try_for_each(async |stored| {
            anyhow::ensure!(stored == Durable::Broker, "it was spilled");
            Ok(())
        })
        .await
}
