//! A batch: one transaction, then the acknowledgement.

mod commit;
mod isolate;

use crate::decision::Decision;
use crate::intake::Work;
use crate::lanes::FetchScope;
use crate::pause::{Pauses, Rested};
use crate::telemetry;
use chrono::{TimeDelta, Utc};
use isolate::{Fate, Parts};
use queue::{Delivery, Disposition, Publisher, SettleError, Settler};
use store::{PgPool, settlement::Item};
use stripe::missing::Missing;
use tokio_util::sync::CancellationToken;

/// When a message is tried again that met other transactions each time.
const AFTER_RACES: TimeDelta = TimeDelta::seconds(5);

/// From so many failed deliveries on a message is settled alone. A worker that is stopped hands back
/// what it had fetched, which counts as well, so that one or two mean nothing.
const SUSPECT: u32 = 3;

/// Messages to settle together, as columns: the transaction wants the items in one slice.
#[derive(Default)]
pub(crate) struct Batch {
    deliveries: Vec<Delivery>,
    items: Vec<Item>,
    missing: Vec<Vec<Missing>>,
}

impl Batch {
    /// Adds one.
    pub(crate) fn push(&mut self, delivery: Delivery, work: Work) {
        self.deliveries.push(delivery);
        self.items.push(work.item);
        self.missing.push(work.missing);
    }
}

/// Settles batches.
pub(crate) struct Settling {
    pool: PgPool,
    publisher: Publisher,
    settler: Settler,
    /// Which gaps can be filled; none without a key.
    scope: Option<FetchScope>,
    shutdown: CancellationToken,
}

impl Settling {
    pub(crate) fn new(
        pool: PgPool,
        publisher: Publisher,
        settler: Settler,
        scope: Option<FetchScope>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { pool, publisher, settler, scope, shutdown }
    }

    /// Settles a batch: every message of it is acknowledged, put off, buried with its reason or, when
    /// the worker is to stop and the database is away, handed back.
    pub(crate) async fn settle(&self, batch: Batch) {
        let Batch { deliveries, items, missing } = batch;
        let suspects = deliveries.iter().map(|delivery| delivery.attempt >= SUSPECT);
        let mut parts = Parts::new(suspects);
        let (mut for_store, mut races) = (Pauses::for_store(), Pauses::for_race());
        while let Some(part) = parts.next() {
            let (Some(some), Some(gaps)) = (items.get(part.range.clone()), missing.get(part.range.clone()))
            else {
                break;
            };
            let failure = match self.commit(some, gaps).await {
                Ok(()) => {
                    parts.settled(&part);
                    (for_store, races) = (Pauses::for_store(), Pauses::for_race());
                    continue;
                }
                Err(failure) => failure,
            };
            let rested = match failure.decision {
                Decision::Wait => {
                    tracing::warn!(error = failure.reason, "the batch is kept until the stores are back");
                    parts.put_back(part);
                    for_store.rest(&self.shutdown).await
                }
                Decision::Again => {
                    tracing::debug!(error = failure.reason, "the batch is run again");
                    parts.run_again(part, &failure.reason);
                    races.rest(&self.shutdown).await
                }
                Decision::Isolate => {
                    tracing::warn!(
                        error = failure.reason,
                        messages = part.range.len(),
                        "cannot be settled as it is"
                    );
                    parts.isolate(&part, &failure.reason);
                    Rested::Yes
                }
            };
            if rested == Rested::Stop {
                break;
            }
        }
        self.answer(deliveries, parts.fates()).await;
    }

    /// Buries what cannot be read, with its reasons.
    pub(crate) async fn bury(&self, unreadable: Vec<(Delivery, String)>) {
        let dead = |(delivery, reason): (Delivery, String)| {
            tracing::warn!(message.id = %delivery.envelope.headers.message_id, reason, "dead letter");
            (delivery, Disposition::DeadLetter { reason })
        };
        self.tell(unreadable.into_iter().map(dead).collect()).await;
    }

    async fn answer(&self, deliveries: Vec<Delivery>, fates: Vec<Fate>) {
        let (mut outcomes, mut unsettled) = (Vec::new(), Vec::new());
        for (delivery, fate) in deliveries.into_iter().zip(fates) {
            match fate {
                Fate::Settled => outcomes.push((delivery, Disposition::Ack)),
                Fate::Later(reason) => {
                    outcomes.push((delivery, Disposition::Retry { at: Utc::now() + AFTER_RACES, reason }));
                }
                Fate::Poison(reason) => outcomes.push((delivery, Disposition::DeadLetter { reason })),
                Fate::Open => unsettled.push(delivery),
            }
        }
        self.tell(outcomes).await;
        if !unsettled.is_empty() {
            self.settler.release(unsettled).await;
        }
    }

    /// Tells the queue, again and again while the database is away. What cannot be told before the
    /// worker stops is delivered again, and changes nothing then.
    async fn tell(&self, mut outcomes: Vec<(Delivery, Disposition)>) {
        let mut pauses = Pauses::for_store();
        while !outcomes.is_empty() {
            let Err(SettleError { outcomes: untold, source }) = self.settler.settle(outcomes).await else {
                return;
            };
            tracing::warn!(error = %source, "the queue is told later");
            outcomes = untold;
            if pauses.rest(&self.shutdown).await == Rested::Stop {
                let deliveries = outcomes.into_iter().map(|(delivery, _)| delivery).collect();
                return self.settler.release(deliveries).await;
            }
        }
    }
}

/// Why a transaction was not committed.
#[derive(Debug)]
struct Failure {
    decision: Decision,
    /// For the log, and for the dead letter of the message to blame.
    reason: String,
}

impl Failure {
    fn count(self) -> Self {
        let decision = match self.decision {
            Decision::Wait => "wait",
            Decision::Again => "again",
            Decision::Isolate => "isolate",
        };
        metrics::counter!(telemetry::FAILED, "decision" => decision).increment(1);
        self
    }
}
