//! How many batches are under way.
//!
//! Under load two are settled at once and two more are read, so that neither the database nor the worker waits for the other. A few
//! events that come one after the other are settled one batch after the other: two small batches at once take longer, each, than one
//! that waited for the other and has the events of both.

use anyhow::Context as _;
use queue::Consumer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Messages of one transaction. Larger batches gain little more and hold their locks longer.
pub(crate) const BATCH: usize = 500;

/// Batches that are settled or read.
const AT_ONCE: u16 = 4;

/// Batches that what is taken at a time makes at most.
const TAKEN: u16 = 2;

/// Messages that are taken at a time, of those batches.
pub(crate) const MOST: usize = 2 * BATCH;

/// Messages that are a load.
const LOAD: usize = 64;

/// How long a few messages wait for the batch before them. It takes some 10 ms, unless somebody holds a lock that it needs.
const PATIENCE: Duration = Duration::from_millis(25);

/// Places for batches, of one worker.
pub(crate) struct Turns(Arc<Semaphore>);

/// The place of a batch, until it is dropped.
pub(crate) struct Turn(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit);

/// The places of what is taken at a time.
pub(crate) struct Places(OwnedSemaphorePermit);

impl Places {
    /// Of one batch; the other place is free again.
    pub(crate) fn one(mut self) -> Option<Turn> {
        self.0.split(1).map(Turn)
    }

    /// Of two.
    pub(crate) fn two(mut self) -> Option<(Turn, Turn)> {
        let one = self.0.split(1)?;
        Some((Turn(one), Turn(self.0)))
    }
}

impl Turns {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE.into())))
    }

    /// Waits until more may be taken: when nothing is under way, or, where a load waits or the batch before takes its time, when there are
    /// places beside others.
    pub(crate) async fn next(&self, consumer: &mut Consumer) -> anyhow::Result<Places> {
        let closed = "the places for batches are closed";
        tokio::select! {
            biased;
            all = Arc::clone(&self.0).acquire_many_owned(AT_ONCE.into()) => {
                let places = all.context(closed)?.split(TAKEN.into());
                return Ok(Places(places.context("there are fewer places than are taken")?));
            }
            () = consumer.holds(LOAD, MOST) => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
        Ok(Places(Arc::clone(&self.0).acquire_many_owned(TAKEN.into()).await.context(closed)?))
    }
}
