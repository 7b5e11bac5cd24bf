//! How many batches are under way.
//!
//! Under load two are settled at once and a third is read, so that neither the database nor the worker waits for the other. A few
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
const AT_ONCE: u16 = 3;

/// Messages that are a load.
const LOAD: usize = 64;

/// How long a few messages wait for the batch before them. It takes some 10 ms, unless somebody holds a lock that it needs.
const PATIENCE: Duration = Duration::from_millis(25);

/// Places for batches, of one worker.
pub(crate) struct Turns(Arc<Semaphore>);

/// The place of a batch, until it is dropped.
pub(crate) type Turn = OwnedSemaphorePermit;

impl Turns {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE.into())))
    }

    /// Waits until the next batch may be taken: when none is under way, or, where a load waits or the one before takes its time, when
    /// there is a place beside others.
    pub(crate) async fn next(&self, consumer: &mut Consumer) -> anyhow::Result<Turn> {
        let closed = "the places for batches are closed";
        tokio::select! {
            biased;
            all = Arc::clone(&self.0).acquire_many_owned(AT_ONCE.into()) => {
                return all.context(closed)?.split(1).context("a place is no place");
            }
            () = consumer.holds(LOAD, BATCH) => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
        Arc::clone(&self.0).acquire_owned().await.context(closed)
    }
}
