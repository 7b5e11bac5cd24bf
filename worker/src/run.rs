//! The process: from settings to a worker that stops when it is told to.

use crate::batch::{Batch, Settling};
use crate::intake::{self, Task};
use crate::lanes::{Fetching, Lanes};
use crate::{sweep, telemetry};
use anyhow::Context;
use common::config::{QueueArgs, StripeArgs};
use queue::{Consumer, Delivery, Publisher};
use stripe::metadata::MetadataKeys;
use tokio_util::sync::CancellationToken;

/// Messages of one transaction. Larger batches gain little more and hold their locks longer.
const BATCH: usize = 500;

/// Connections: the batch, its settling, the lanes and the sweep.
const POOL: u32 = 6;

/// The settings of the worker's role.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The database.
    pub database_url: &'a str,
    /// The queue.
    pub queue: &'a QueueArgs,
    /// Stripe's API, of which nothing is fetched without a key, and how its objects are read.
    pub stripe: &'a StripeArgs,
}

/// Works until `shutdown` is cancelled; what it has in hand then is finished or handed back. Logging
/// is the caller's.
///
/// # Errors
/// When a setting is of no use. Stores that are down are no reason: it waits for them.
pub async fn run(settings: Settings<'_>, shutdown: CancellationToken) -> anyhow::Result<()> {
    telemetry::describe();
    let Settings { database_url, queue, stripe } = settings;
    let pool = store::pool(database_url, "tributary-worker", POOL).context("DATABASE_URL cannot be used")?;
    let queue = queue.queue(database_url, "tributary-worker")?;
    let keys = stripe.metadata.keys();
    let fetching = Fetching::from_args(stripe).context("STRIPE_SECRET_KEY cannot be used")?;

    let mut consumer = Consumer::start(&queue, shutdown.clone());
    // What is in hand at the end may still have something to publish.
    let publishing = CancellationToken::new();
    let publisher = Publisher::start(&queue, publishing.clone());
    let settling = Settling::new(
        pool.clone(),
        publisher.clone(),
        consumer.settler(),
        fetching.as_ref().map(Fetching::scope),
        shutdown.clone(),
    );
    let lanes = Lanes::start(fetching, pool.clone(), publisher.clone(), consumer.settler(), shutdown.clone());
    let sweep = tokio::spawn(sweep::run(pool.clone(), publisher.clone(), shutdown.clone()));
    tracing::info!(broker = queue.broker.is_some(), "working");

    while let Some(deliveries) = consumer.next_batch(BATCH).await {
        settling.settle(sort(deliveries, &keys, &settling, &lanes).await).await;
    }
    lanes.finished().await;
    sweep.await.context("the sweep failed")?;
    consumer.finished().await;
    publishing.cancel();
    publisher.finished().await;
    pool.close().await;
    Ok(())
}

/// Hands what is not settled in batches to its lane, and what nobody can read to the dead letters.
async fn sort(deliveries: Vec<Delivery>, keys: &MetadataKeys, settling: &Settling, lanes: &Lanes) -> Batch {
    let mut batch = Batch::default();
    let mut unreadable = Vec::new();
    for delivery in deliveries {
        match intake::read(&delivery, keys) {
            Ok(Task::Settle(work)) => batch.push(delivery, *work),
            Ok(Task::Fetch(missing)) => lanes.fetch(delivery, missing),
            Ok(Task::Resettle(mappings)) => lanes.resettle(delivery, mappings),
            Err(reason) => unreadable.push((delivery, reason.to_string())),
        }
    }
    settling.bury(unreadable).await;
    batch
}
