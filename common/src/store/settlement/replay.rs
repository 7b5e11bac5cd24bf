//! The ledger, rebuilt from the raw events (DESIGN, promise 5).

use super::{BatchError, Settled, clusters, facts, fold_work, work};
use crate::domain::fact::Fact;
use crate::domain::ids::{ClusterId, Realm};
use crate::reading::{self, NotReadable};
use crate::store::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Events that are read at a time.
const EVENTS: i64 = 1_000;

/// Clusters that are folded at a time.
const CLUSTERS: usize = 1_000;

/// What a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Events that were read.
    pub events: usize,
    /// Facts that they told.
    pub facts: usize,
    /// Conversions whose state changed.
    pub conversions: usize,
    /// Ledger entries that were posted.
    pub entries: usize,
}

/// Why a ledger was not rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// An event of the inbox cannot be read any more.
    #[error("event {event} cannot be read again")]
    Event {
        /// `evt_…`
        event: String,
        /// Why.
        #[source]
        source: NotReadable,
    },
    /// As when a batch is settled.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        Self::Batch(error.into())
    }
}

impl From<sqlx::Error> for ReplayError {
    fn from(error: sqlx::Error) -> Self {
        Self::Batch(error.into())
    }
}

/// Forgets every fact of a project and mode, reads all its events again and folds what they tell,
/// within the caller's transaction. What differs from what stands is posted, as ever: nothing of the
/// ledger is removed, and conversions and customers keep their ids. Clusters stay as they are, since
/// they only say what is locked together.
///
/// Workers that concern the same customers wait until the transaction ends.
///
/// # Errors
/// When the database fails, an event cannot be read or the facts cannot be folded; the transaction
/// must then be rolled back.
pub async fn replay(conn: &mut PgConnection, realm: Realm) -> Result<Replayed, ReplayError> {
    let mut replayed = Replayed::default();
    let all = clusters::of_realm(conn, realm).await?;
    let locked = clusters::lock(conn, &all).await?;
    facts::forget(conn, &locked).await?;

    let mut after = 0;
    loop {
        let events = events(conn, realm, after).await?;
        let Some(last) = events.last() else { break };
        after = last.id;
        replayed.events = replayed.events.saturating_add(events.len());
        replayed.facts = replayed.facts.saturating_add(insert(conn, realm, &events).await?);
    }

    // Also those that no fact is left for: what they implied is taken back.
    let all: Vec<ClusterId> = clusters::of_realm(conn, realm).await?.into_iter().collect();
    for chunk in all.chunks(CLUSTERS) {
        let chunk = clusters::lock(conn, &chunk.iter().copied().collect()).await?;
        let Settled { entries, conversions, .. } = fold_all(conn, realm, &chunk).await?;
        replayed.entries = replayed.entries.saturating_add(entries);
        replayed.conversions = replayed.conversions.saturating_add(conversions.len());
    }
    Ok(replayed)
}

async fn fold_all(
    conn: &mut PgConnection,
    realm: Realm,
    clusters: &BTreeSet<ClusterId>,
) -> Result<Settled, BatchError> {
    let mut work = work::load(conn, clusters).await?;
    work.include(realm, clusters);
    fold_work(conn, &work).await
}

/// An event, read again.
struct Stored {
    id: i64,
    received_at: DateTime<Utc>,
    facts: Vec<Fact>,
}

async fn events(conn: &mut PgConnection, realm: Realm, after: i64) -> Result<Vec<Stored>, ReplayError> {
    let rows = sqlx::query!(
        "SELECT id, event_id, source, received_at, body FROM events
         WHERE project_id = $1 AND livemode = $2 AND id > $3
         ORDER BY id LIMIT $4",
        realm.project.0,
        realm.mode.is_live(),
        after,
        EVENTS,
    )
    .fetch_all(conn)
    .await?;
    let read = rows.into_iter().map(|row| {
        let facts = reading::facts(&row.source, &row.body, realm.mode, row.received_at)
            .map_err(|source| ReplayError::Event { event: row.event_id, source })?;
        Ok(Stored { id: row.id, received_at: row.received_at, facts })
    });
    read.collect()
}

/// Stores the facts of some events, and tells how many there were.
async fn insert(conn: &mut PgConnection, realm: Realm, events: &[Stored]) -> Result<usize, ReplayError> {
    let mut incoming = Vec::new();
    for event in events {
        let received_at = event.received_at;
        incoming.extend(event.facts.iter().map(|fact| facts::Incoming { fact, received_at }));
    }
    let count = incoming.len();
    if count > 0 {
        let incoming = BTreeMap::from([(realm, incoming)]);
        let clusters = clusters::resolve(conn, &incoming).await?;
        facts::upsert(conn, &incoming, &clusters).await?;
    }
    Ok(count)
}
