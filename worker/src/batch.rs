//! A batch: one transaction, then the acknowledgement.

mod commit;
mod isolate;

use crate::acknowledge::acknowledge;
use crate::backoff::{Backoff, Waited, grace};
use crate::intake::Work;
use crate::keychain::Keychain;
use crate::place::{Kind, Patience, Place};
use crate::recovery::Recovery;
use crate::telemetry;
use chrono::{TimeDelta, Utc};
use domain::provider_code::ProviderCode;
use isolate::{Fate, Part, Parts};
use queue::{Acknowledger, Delivery, Disposition, Prefix};
use std::sync::Arc;
use store::{Sessions, settlement::Item};
use stripe::missing::Missing;
use tokio::sync::Mutex;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use traces::{Span, SpanKind};

/// When a message is tried again that met other transactions each time, or somebody who did not let go. It costs no
/// attempt.
const AFTER_RACES: TimeDelta = TimeDelta::seconds(3);

/// Messages to settle together, as columns: the transaction wants the items in one slice.
#[derive(Default)]
pub(crate) struct Batch {
    deliveries: Vec<Delivery>,
    items: Vec<Item>,
    missing: Vec<Vec<Missing>>,
    codes: Vec<Option<ProviderCode>>,
}

/// What a batch tells beside facts, of each of its items.
#[derive(Clone, Copy, Default)]
struct Beside<'a> {
    missing: &'a [Missing],
    code: Option<&'a ProviderCode>,
}

impl Batch {
    /// Adds one.
    pub(crate) fn push(&mut self, delivery: Delivery, work: Work) {
        self.deliveries.push(delivery);
        self.items.push(work.item);
        self.missing.push(work.missing);
        self.codes.push(work.code);
    }
}

/// Settles batches.
pub(crate) struct Settling {
    sessions: Sessions,
    place: Arc<Place>,
    /// Where questions for what payloads lack are put.
    queue: Prefix,
    acknowledger: Acknowledger,
    /// Which gaps can be filled.
    keychain: Arc<Keychain>,
    /// Ends the shift: nothing more is begun, and what cannot be finished soon is handed back.
    leave: CancellationToken,
    /// Tells the queue of the last batch while the next is settled.
    acknowledging: Mutex<Option<JoinHandle<()>>>,
}

impl Settling {
    pub(crate) fn new(
        sessions: Sessions,
        place: Arc<Place>,
        queue: Prefix,
        acknowledger: Acknowledger,
        keychain: Arc<Keychain>,
        leave: CancellationToken,
    ) -> Self {
        Self { sessions, place, queue, acknowledger, keychain, leave, acknowledging: Mutex::default() }
    }

    /// Settles a batch: every message of it is acknowledged, put off, buried with its reason or, when
    /// the worker is to stop and the database is away, handed back.
    pub(crate) async fn settle(&self, batch: Batch) {
        let Batch { deliveries, items, missing, codes } = batch;
        let asked = deliveries.iter().filter_map(|delivery| delivery.envelope.headers.traceparent.as_deref());
        let mut span = Span::for_all(asked, "settle", SpanKind::Consumer);
        span.number("messaging.batch.message_count", i64::try_from(items.len()).unwrap_or(i64::MAX));
        let trace = span.traceparent();
        let mut parts = Parts::new(deliveries.len());
        let (mut for_store, mut conflicts) = (Backoff::for_store(), Backoff::for_conflict());
        while let Some(part) = parts.next() {
            let some: Vec<&Item> = part.places.iter().filter_map(|place| items.get(*place)).collect();
            let beside = |place: &usize| Beside {
                missing: missing.get(*place).map_or(&[], Vec::as_slice),
                code: codes.get(*place).and_then(Option::as_ref),
            };
            let beside: Vec<Beside<'_>> = part.places.iter().map(beside).collect();
            let committed = tokio::select! {
                biased;
                committed = self.commit(&some, &beside, part.hurried, trace.as_deref()) => committed,
                () = grace(&self.leave) => break,
            };
            let failure = match committed {
                Ok(()) => {
                    self.place.works();
                    parts.settled(&part);
                    (for_store, conflicts) = (Backoff::for_store(), Backoff::for_conflict());
                    continue;
                }
                Err(failure) => failure,
            };
            let rested = match failure.recovery {
                Recovery::Wait => {
                    parts.put_back(part);
                    if self.place.fails(failure.place, &failure.reason).await == Patience::Exhausted {
                        self.leave.cancel();
                    }
                    for_store.wait(&self.leave).await
                }
                Recovery::Again => {
                    tracing::debug!(error = failure.reason, "the batch is run again");
                    parts.run_again(part, &failure.reason);
                    conflicts.wait(&self.leave).await
                }
                Recovery::PassBy => {
                    self.pass_by(&mut parts, &part, &some, &failure.reason).await;
                    Waited::Whole
                }
                Recovery::Halve => {
                    tracing::warn!(error = failure.reason, messages = part.places.len(), "too much at once");
                    parts.halve(&part, &failure.reason);
                    Waited::Whole
                }
                Recovery::Isolate => {
                    tracing::warn!(
                        error = failure.reason,
                        messages = part.places.len(),
                        "cannot be settled as it is"
                    );
                    parts.isolate(&part, &failure.reason);
                    Waited::Whole
                }
            };
            if rested == Waited::Stop {
                break;
            }
        }
        let fates = parts.fates();
        if fates.iter().any(|fate| !matches!(fate, Fate::Settled)) {
            span.failed("not all of it is settled");
        }
        drop(span);
        self.answer(deliveries, fates).await;
    }

    /// Leaves behind those that somebody else holds up.
    async fn pass_by(&self, parts: &mut Parts, part: &Part, items: &[&Item], reason: &str) {
        let occupied = match self.occupied(items).await {
            Ok(occupied) => occupied,
            Err(error) => {
                tracing::debug!(%error, "who is held up is not known");
                std::collections::BTreeSet::new()
            }
        };
        tracing::info!(messages = part.places.len(), held_up = occupied.len(), "somebody holds a lock");
        parts.pass_by(part, &occupied, reason);
    }

    /// Buries what cannot be read, with its reasons.
    pub(crate) async fn dead_letter(&self, unreadable: Vec<(Delivery, String)>) {
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
                    outcomes.push((delivery, Disposition::PutOff { at: Utc::now() + AFTER_RACES, reason }));
                }
                Fate::Poison(reason) => outcomes.push((delivery, Disposition::DeadLetter { reason })),
                Fate::Open => unsettled.push(delivery),
            }
        }
        // The one before is through first, so that no more than one is under way.
        let mut acknowledging = self.acknowledging.lock().await;
        if let Some(before) = acknowledging.take() {
            ended(before.await);
        }
        let (acknowledger, leave) = (self.acknowledger.clone(), self.leave.clone());
        *acknowledging = Some(tokio::spawn(async move {
            acknowledge(&acknowledger, &leave, outcomes).await;
            if !unsettled.is_empty() {
                acknowledger.release(unsettled).await;
            }
        }));
    }

    /// Waits until the queue was told of every batch.
    pub(crate) async fn acknowledged(&self) {
        if let Some(last) = self.acknowledging.lock().await.take() {
            ended(last.await);
        }
    }

    /// Tells the queue, again and again while the database is away. What cannot be told before the
    /// worker stops is delivered again, and changes nothing then.
    pub(crate) async fn tell(&self, outcomes: Vec<(Delivery, Disposition)>) {
        acknowledge(&self.acknowledger, &self.leave, outcomes).await;
    }

    /// The queue's side of it.
    pub(crate) fn acknowledger(&self) -> &Acknowledger {
        &self.acknowledger
    }

    /// Whether the place lets it work.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Gives messages back that were not begun.
    pub(crate) async fn hand_back(&self, deliveries: impl Iterator<Item = Delivery>) {
        self.acknowledger.release(deliveries.collect()).await;
    }

    /// What ends the shift.
    pub(crate) fn leave(&self) -> &CancellationToken {
        &self.leave
    }
}

/// What was not told is delivered again, and changes nothing then.
fn ended(told: Result<(), JoinError>) {
    if let Err(error) = told {
        tracing::error!(%error, "the queue was not told of a batch");
    }
}

/// Why a transaction was not committed.
#[derive(Debug)]
struct Failure {
    recovery: Recovery,
    /// What is wrong with the place, when it is the place.
    place: Kind,
    /// For the log, and for the dead letter of the message to blame.
    reason: String,
}

impl Failure {
    fn count(self) -> Self {
        let recovery = match self.recovery {
            Recovery::Wait => "wait",
            Recovery::Again => "again",
            Recovery::PassBy => "pass_by",
            Recovery::Halve => "halve",
            Recovery::Isolate => "isolate",
        };
        metrics::counter!(telemetry::FAILED, "decision" => recovery).increment(1);
        self
    }
}
