//! The process: from settings to a worker that stops when it is told to.

use crate::batch::{Batch, Settling};
use crate::intake::{self, Task};
use crate::jobs::{Jobs, Keychain};
use crate::pause::{Pauses, Rested};
use crate::place::Place;
use crate::suspects::{self, Trial};
use crate::{notify, sweep, telemetry};
use anyhow::Context;
use common::config::{NotifyArgs, QueueArgs, StripeArgs};
use queue::{Consumer, Delivery, Publisher, QueueConfig};
use std::sync::Arc;
use std::time::Duration;
use store::Sessions;
use stripe::metadata::MetadataKeys;
use tokio_util::sync::CancellationToken;

/// Messages of one transaction. Larger batches gain little more and hold their locks longer.
const BATCH: usize = 500;

/// Sessions: the batch, its settling, the jobs and the sweep.
const SESSIONS: usize = 6;

/// How long the worker takes to stop at most, whatever does not answer. What it has not finished or handed back by then
/// is delivered again: container managers kill after 10 s.
const STOPPING: Duration = Duration::from_secs(8);

/// The settings of the worker's role.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The database.
    pub database_url: &'a str,
    /// The queue.
    pub queue: &'a QueueArgs,
    /// Stripe's API, of which nothing is fetched without a key, and how its objects are read.
    pub stripe: &'a StripeArgs,
    /// Notifications out.
    pub notify: &'a NotifyArgs,
}

/// Works until `shutdown` is cancelled; what it has in hand then is finished or handed back, within 8 s. Logging
/// is the caller's.
///
/// # Errors
/// When a setting is of no use. Stores that are down are no reason: it waits for them.
pub async fn run(settings: Settings<'_>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(STOPPING).await;
    };
    tokio::select! {
        biased;
        outcome = work(settings, &shutdown) => outcome,
        () = late => {
            tracing::warn!("stopped without an answer from the stores; what was in hand is delivered again");
            Ok(())
        }
    }
}

async fn work(settings: Settings<'_>, shutdown: &CancellationToken) -> anyhow::Result<()> {
    telemetry::describe();
    let Settings { database_url, queue, stripe, notify } = settings;
    let sessions =
        store::sessions(database_url, "tributary-worker", SESSIONS).context("DATABASE_URL cannot be used")?;
    let queue = queue.queue(database_url, "tributary-worker")?;
    let keys = stripe.metadata.keys();
    let place = Arc::new(Place::new(sessions.clone()));
    // Also a key that cannot be used is told before anything is waited for.
    let notifier = notify::Notifier::new(database_url, notify)?;
    Fetching::from_args(stripe).context("STRIPE_SECRET_KEY cannot be used")?;
    let notifying = tokio::spawn(notifier.run(shutdown.clone()));
    while place.wait_until_fit(shutdown).await == Rested::Yes {
        let shift = Shift { sessions: &sessions, place: &place, queue: &queue, keys: &keys, keychain: &keychain };
        shift.work(shutdown.child_token()).await?;
        if shutdown.is_cancelled() {
            break;
        }
    }
    notifying.await.context("sending notifications failed")?;
    sessions.close();
    Ok(())
}

/// From when the place lets the worker work to when it is to stop, or is refused for a while.
struct Shift<'a> {
    sessions: &'a Sessions,
    place: &'a Arc<Place>,
    queue: &'a QueueConfig,
    keys: &'a MetadataKeys,
    keychain: &'a Arc<Keychain>,
}

impl Shift<'_> {
    async fn work(&self, leave: CancellationToken) -> anyhow::Result<()> {
        let Self { sessions, place, queue, keys, keychain } = *self;
        // Whether a question can be asked is known before the first event that lacks something.
        let mut pauses = Pauses::for_store();
        while let Err(error) = keychain.read(sessions).await {
            tracing::debug!(%error, "the providers' keys cannot be read");
            if pauses.rest(&leave).await == Rested::Stop {
                return Ok(());
            }
        }
        let reading = tokio::spawn({
            let (keychain, sessions, leave) = (Arc::clone(keychain), sessions.clone(), leave.clone());
            async move { keychain.keep_reading(&sessions, &leave).await }
        });
        let mut consumer = Consumer::start(queue, leave.clone());
        // What is in hand at the end may still have something to publish.
        let publishing = CancellationToken::new();
        let publisher = Publisher::start(queue, publishing.clone());
        let settling = Settling::new(
            sessions.clone(),
            Arc::clone(place),
            queue.prefix.clone(),
            consumer.acknowledger(),
            Arc::clone(keychain),
            leave.clone(),
        );
        let jobs = Jobs::start(
            Arc::clone(keychain),
            sessions.clone(),
            Arc::clone(place),
            publisher.clone(),
            consumer.acknowledger(),
            leave.clone(),
        );
        let sweep = tokio::spawn(sweep::run(sessions.clone(), publisher.clone(), leave.clone()));
        tracing::info!(broker = queue.broker.is_some(), "working");

        while let Some(deliveries) = consumer.next_batch(BATCH).await {
            let (unsuspected, suspects) = suspects::part(deliveries);
            settling.settle(sort(unsuspected, keys, &settling, &jobs).await).await;
            for suspect in suspects {
                if let Trial::Begun(suspect) = settling.begin_trial(suspect).await {
                    settling.settle(sort(vec![suspect], keys, &settling, &jobs).await).await;
                }
            }
        }
        jobs.finished().await;
        reading.await.context("reading the providers' keys failed")?;
        sweep.await.context("the sweep failed")?;
        consumer.finished().await;
        publishing.cancel();
        publisher.finished().await;
        Ok(())
    }
}

/// Hands what is not settled in batches to its job, and what nobody can read to the dead letters.
async fn sort(deliveries: Vec<Delivery>, keys: &MetadataKeys, settling: &Settling, jobs: &Jobs) -> Batch {
    let mut batch = Batch::default();
    let mut unreadable = Vec::new();
    for delivery in deliveries {
        match intake::read(&delivery, keys) {
            Ok(Task::Settle(work)) => batch.push(delivery, *work),
            Ok(Task::Fetch(missing)) => jobs.fetch(delivery, missing),
            Ok(Task::Resettle(mappings)) => jobs.resettle(delivery, mappings),
            Err(reason) => unreadable.push((delivery, reason.to_string())),
        }
    }
    settling.dead_letter(unreadable).await;
    batch
}
