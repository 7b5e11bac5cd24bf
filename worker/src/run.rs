//! The process: from settings to a worker that stops when it is told to.

use crate::backoff::{Backoff, Waited};
use crate::batch::{Batch, Settling};
use crate::halves::Read;
use crate::intake::{self, Task};
use crate::jobs::Jobs;
use crate::keychain::Keychain;
use crate::line::{Line, Of};
use crate::place::{Kind, Place};
use crate::pressure::Pressure;
use crate::suspects::{self, Trial};
use crate::turns::{BATCH, MOST, Places, Turn, Turns};
use crate::{halves, heartbeat, notify, reconcile, rollups, telemetry, waiting};
use anyhow::Context;
use common::config::{NotifyArgs, QueueArgs, StripeArgs, WatchArgs};
use queue::{Consumer, Delivery, Publisher, QueueConfig};
use std::sync::Arc;
use std::time::Duration;
use store::Sessions;
use stripe::metadata::MetadataKeys;
use tokio::sync::RwLock;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// Sessions of batches: two of them, and who looks what holds one up.
const SETTLING: usize = 3;

/// Sessions of all else: the jobs, the providers' keys, the thin events that wait, the comparing with Stripe's events, the sums and the
/// heartbeat.
const SESSIONS: usize = 9;

/// Bytes of bodies that are read at once, in a fraction of a millisecond. To have another thread read them takes longer.
const FEW: usize = 32 << 10;

/// Bytes of bodies of one batch: its messages are as many times in memory as it is told of in different ways.
const BATCH_BYTES: usize = 4 << 20;

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
    /// Where it is watched, if not beside an api of the same process.
    pub watch: &'a WatchArgs,
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
    let Settings { database_url, queue, stripe, notify, watch } = settings;
    if watch.metrics_addr.is_some() {
        watch::install()?;
    }
    telemetry::describe();
    let sessions =
        store::sessions(database_url, "tributary-worker", SESSIONS).context("DATABASE_URL cannot be used")?;
    let settling = store::sessions_for_settling(database_url, "tributary-worker", SETTLING)
        .context("DATABASE_URL cannot be used")?;
    let queue = queue.queue(database_url, "tributary-worker")?;
    let keys = Arc::new(stripe.metadata.keys());
    let place = Arc::new(Place::new(sessions.clone()));
    // Also a key that cannot be used is told before anything is waited for.
    let pressure = Arc::new(Pressure::default());
    let notifier = notify::Notifier::new(database_url, notify, Arc::clone(&pressure))?;
    let keychain = Arc::new(Keychain::from_args(stripe, &settings.notify.secrets)?);
    let notifying = tokio::spawn(notifier.run(shutdown.clone()));
    if let Some(listener) = watch.bind().await? {
        let (place, leave) = (Arc::clone(&place), shutdown.clone());
        let readiness = move || place.readiness(leave.is_cancelled());
        tokio::spawn(watch::serve(listener, readiness, shutdown.clone()));
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(watch::keep_drained()));
    }
    // It has, also where it waits for the database: that is what `/readyz` says.
    common::process::has_started();
    while place.wait_until_fit(shutdown).await == Waited::Whole {
        let shift = Shift {
            sessions: &sessions,
            settling: &settling,
            place: &place,
            queue: &queue,
            keys: &keys,
            keychain: &keychain,
            pressure: &pressure,
        };
        Box::pin(shift.work(shutdown.child_token())).await?;
        if shutdown.is_cancelled() {
            break;
        }
    }
    notifying.await.context("sending notifications failed")?;
    sessions.close();
    settling.close();
    Ok(())
}

/// From when the place lets the worker work to when it is to stop, or is refused for a while.
struct Shift<'a> {
    sessions: &'a Sessions,
    /// For batches.
    settling: &'a Sessions,
    place: &'a Arc<Place>,
    queue: &'a QueueConfig,
    keys: &'a Arc<MetadataKeys>,
    keychain: &'a Arc<Keychain>,
    pressure: &'a Arc<Pressure>,
}

impl Shift<'_> {
    async fn work(&self, leave: CancellationToken) -> anyhow::Result<()> {
        let Self { sessions, settling, place, queue, keys, keychain, pressure } = *self;
        // Whether a question can be asked is known before the first event that lacks something.
        let mut backoff = Backoff::for_store();
        while let Err(error) = keychain.read(sessions).await {
            place.fails(Kind::of(&error), &common::causes(&error)).await;
            if backoff.wait(&leave).await == Waited::Stop {
                return Ok(());
            }
        }
        place.answers();
        let reading = tokio::spawn({
            let (keychain, sessions, leave) = (Arc::clone(keychain), sessions.clone(), leave.clone());
            async move { keychain.keep_reading(&sessions, &leave).await }
        });
        let mut consumer = Consumer::start(queue, leave.clone());
        // What is in hand at the end may still have something to publish.
        let publishing = CancellationToken::new();
        let publisher = Publisher::start(queue, publishing.clone());
        let settling = Settling::new(
            settling.clone(),
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
        let waiting = tokio::spawn(waiting::run(
            sessions.clone(),
            Arc::clone(keychain),
            queue.prefix.clone(),
            leave.clone(),
        ));
        let comparing = tokio::spawn(reconcile::run(
            sessions.clone(),
            Arc::clone(keychain),
            queue.prefix.clone(),
            leave.clone(),
        ));
        let adding = tokio::spawn(rollups::run(sessions.clone(), Arc::clone(pressure), leave.clone()));
        let beating = tokio::spawn(heartbeat::run(
            sessions.clone(),
            Arc::clone(place),
            queue.prefix.clone(),
            leave.clone(),
        ));
        tracing::info!(broker = queue.broker.is_some(), "working");

        // While two batches are settled the next two are read. Two workers that meet wait for each other in the database, and so
        // do two batches of one.
        let (line, alone, turns) = (Line::new(), RwLock::new(()), Turns::new());
        let read = async {
            let _closed = Closing(&line);
            loop {
                let places = turns.next(&mut consumer).await?;
                let Some(taken) = next(&mut consumer, places, keys, pressure).await? else { break };
                for (of, ahead) in taken {
                    line.put(of, ahead);
                }
            }
            anyhow::Ok(())
        };
        let settle = || settle_each(&line, &alone, keys, &settling, &jobs);
        let (read, (), ()) = tokio::join!(read, settle(), settle());
        read?;
        settling.acknowledged().await;
        jobs.finished().await;
        reading.await.context("reading the providers' keys failed")?;
        waiting.await.context("asking for thin events failed")?;
        comparing.await.context("comparing with Stripe's events failed")?;
        adding.await.context("adding to the sums failed")?;
        beating.await.context("the heartbeat failed")?;
        consumer.finished().await;
        publishing.cancel();
        publisher.finished().await;
        Ok(())
    }
}

/// A batch that was read and not yet begun.
struct Ahead {
    turn: Turn,
    read: Vec<Read>,
    /// Those that are worked on alone, and read when they are.
    suspects: Vec<Delivery>,
}

/// Closes the line when nothing more is read, for whatever reason.
struct Closing<'a>(&'a Line<Ahead>);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Settles one batch after the other, with others beside it. A suspect has the worker to itself.
async fn settle_each(
    line: &Line<Ahead>,
    alone: &RwLock<()>,
    keys: &MetadataKeys,
    settling: &Settling,
    jobs: &Jobs,
) {
    while let Some((Ahead { turn, read, suspects }, under_way)) = line.take().await {
        if settling.leave().is_cancelled() {
            // Another worker may begin at once what would not be finished here.
            settling.hand_back(read.into_iter().map(|(delivery, _)| delivery).chain(suspects)).await;
            continue;
        }
        let beside = alone.read().await;
        settling.settle(sort(read, settling, jobs).await).await;
        drop((beside, under_way));
        for suspect in suspects {
            let _alone = alone.write().await;
            if let Trial::Begun(suspect) = settling.begin_trial(suspect).await {
                settling.settle(sort(vec![read_one(suspect, keys)], settling, jobs).await).await;
            }
        }
        drop(turn);
    }
}

/// Waits for what comes next and reads it, on a thread of its own unless it is small: a batch, or two of different customers where more
/// waits than one takes. `None` when the shift is over.
async fn next(
    consumer: &mut Consumer,
    places: Places,
    keys: &Arc<MetadataKeys>,
    pressure: &Pressure,
) -> anyhow::Result<Option<Vec<(Of, Ahead)>>> {
    let Some(deliveries) = consumer.next_batch(MOST).await else { return Ok(None) };
    pressure.batch(deliveries.len(), BATCH);
    let (unsuspected, suspects) = suspects::part(deliveries);
    let keys = Arc::clone(keys);
    let bytes: usize = unsuspected.iter().map(|delivery| delivery.envelope.body.len()).sum();
    let read = move || unsuspected.into_iter().map(|delivery| read_one(delivery, &keys)).collect();
    let read: Vec<Read> =
        if bytes <= FEW { read() } else { spawn_blocking(read).await.context("reading a batch failed")? };
    let missing = "a batch has no place";
    if read.len() <= BATCH && bytes <= BATCH_BYTES {
        let turn = places.one().context(missing)?;
        return Ok(Some(vec![(Of::Any, Ahead { turn, read, suspects })]));
    }
    let (one, other) = halves::by_customer(read);
    let (turn, next) = places.two().context(missing)?;
    Ok(Some(vec![
        (Of::First, Ahead { turn, read: one, suspects }),
        (Of::Second, Ahead { turn: next, read: other, suspects: Vec::new() }),
    ]))
}

fn read_one(delivery: Delivery, keys: &MetadataKeys) -> Read {
    let task = intake::read(&delivery, keys);
    (delivery, task)
}

/// Hands what is not settled in batches to its job, and what nobody can read to the dead letters.
async fn sort(read: Vec<Read>, settling: &Settling, jobs: &Jobs) -> Batch {
    let mut batch = Batch::default();
    let mut unreadable = Vec::new();
    for (delivery, task) in read {
        match task {
            Ok(Task::Settle(work)) => batch.push(delivery, *work),
            Ok(Task::Fetch(missing)) => jobs.fetch(delivery, missing),
            Ok(Task::Resettle(reevaluation)) => jobs.resettle(delivery, reevaluation),
            Ok(Task::Promotion(promotion)) => jobs.promote(delivery, promotion),
            Err(reason) => unreadable.push((delivery, reason.to_string())),
        }
    }
    settling.dead_letter(unreadable).await;
    batch
}
