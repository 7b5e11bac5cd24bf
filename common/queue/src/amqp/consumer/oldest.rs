//! What this worker has of RabbitMQ's messages, as gauges: how many, and how long the oldest waits. RabbitMQ delivers in
//! order, so nothing behind is older.

use crate::telemetry::{self, count, seconds};
use chrono::{DateTime, Utc};
use lapin::types::ShortString;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How often the gauges are set. The age grows between two events as well, and falls to nothing when the queue is empty.
pub(super) const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Of each queue, when its oldest unanswered message was accepted, and how many are unanswered.
#[derive(Clone, Debug, Default)]
pub(super) struct Oldest(Arc<Mutex<BTreeMap<ShortString, Unanswered>>>);

#[derive(Debug)]
struct Unanswered {
    since: DateTime<Utc>,
    messages: usize,
}

impl Oldest {
    /// Takes note of one queue, and sets the gauges of all.
    pub(super) fn tell(&self, queue: &ShortString, accepted: Option<DateTime<Utc>>, in_hand: usize) {
        // A panic elsewhere cannot leave a map of times half changed.
        let mut oldest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match accepted {
            Some(since) => drop(oldest.insert(queue.clone(), Unanswered { since, messages: in_hand })),
            None => drop(oldest.remove(queue)),
        }
        let age = oldest.values().map(|queue| queue.since).min().map_or(0.0, |at| seconds(Utc::now() - at));
        let in_hand = oldest.values().map(|queue| queue.messages).sum();
        metrics::gauge!(telemetry::OLDEST_AGE, "store" => "broker").set(age);
        metrics::gauge!(telemetry::IN_HAND, "store" => "broker").set(count(in_hand));
    }
}
