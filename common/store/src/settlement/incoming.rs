//! Facts on their way in.

use chrono::{DateTime, Utc};
use domain::directory::mentioned;
use domain::fact::Fact;
use domain::ids::{ClusterId, Realm};

/// A fact of a new event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming<'a> {
    pub(super) fact: &'a Fact,
    pub(super) received_at: DateTime<Utc>,
    /// `KnownFact::first_at`, of the events of a batch.
    pub(super) first_at: DateTime<Utc>,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(fact: &'a Fact, received_at: DateTime<Utc>) -> Self {
        Self { fact, received_at, first_at: fact.told_at() }
    }
}

/// A fact on its way into its cluster.
#[derive(Clone, Copy, Debug)]
pub(super) struct Homed<'a> {
    pub(super) realm: Realm,
    pub(super) cluster: ClusterId,
    /// Of a long history, which part it is of.
    pub(super) part: Option<i64>,
    pub(super) told: Incoming<'a>,
}

impl Homed<'_> {
    /// The codes that it mentions, a line each; none is no line. A line feed in one splits it.
    pub(super) fn codes(&self) -> Option<String> {
        let codes: Vec<String> =
            mentioned(self.told.fact).iter().map(|code| code.as_str().to_owned()).collect();
        (!codes.is_empty()).then(|| codes.join("\n"))
    }
}
