//! How long the oldest message waits that RabbitMQ has delivered: it delivers in order, so nothing behind is older.

use crate::telemetry::{self, seconds};
use chrono::{DateTime, Utc};
use lapin::types::ShortString;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How often the age is told. It grows between two events as well, and falls to nothing when the queue is empty.
pub(super) const TOLD_EVERY: Duration = Duration::from_secs(1);

/// When the oldest unanswered message of each queue was accepted.
#[derive(Clone, Debug, Default)]
pub(super) struct Oldest(Arc<Mutex<BTreeMap<ShortString, DateTime<Utc>>>>);

impl Oldest {
    /// Tells that of one queue, and so the age of the oldest of all.
    pub(super) fn tell(&self, queue: &ShortString, accepted: Option<DateTime<Utc>>) {
        // A panic elsewhere cannot leave a map of times half changed.
        let mut oldest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match accepted {
            Some(at) => drop(oldest.insert(queue.clone(), at)),
            None => drop(oldest.remove(queue)),
        }
        let age = oldest.values().min().map_or(0.0, |at| seconds(Utc::now() - *at));
        metrics::gauge!(telemetry::OLDEST_AGE, "store" => "broker").set(age);
    }
}
