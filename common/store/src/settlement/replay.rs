//! The ledger once more, from the raw events.
//!
//! Every fact is forgotten and read again from the inbox, every cluster is folded, and the difference
//! to what stands is posted. Rows keep their ids, and the ledger only grows: where a newer program
//! reads history differently, that shows as amendments.

use super::cause::Causes;
use super::clusters;
use super::facts::{self, Kept};
use super::incoming::Incoming;
use super::plans::Planned;
use super::work::{Folds, Parts};
use super::{BatchError, Depth, Settled};
use crate::PgConnection;
use crate::event_archive::Restored;
use chrono::{DateTime, Utc};
use domain::fact::Fact;
use domain::ids::{ClusterId, Realm};
use std::collections::{BTreeMap, BTreeSet};

/// Events, or clusters, of one round.
const CHUNK: i64 = 500;

/// Bytes of bodies of one round; one body more than that is a round of its own. A body may have a megabyte.
const BYTES: i64 = 16 << 20;

/// An event as the inbox keeps it.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// Row id.
    pub id: i64,
    /// `queue::envelope::Source`, as it is written.
    pub source: String,
    /// `evt_…` or the name of a command.
    pub event_id: String,
    /// When it was accepted.
    pub received_at: DateTime<Utc>,
    /// The body exactly as it was received; empty, when an archive has it.
    pub body: Vec<u8>,
    /// When the body went to an archive.
    pub archived_at: Option<DateTime<Utc>>,
}

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Events read.
    pub events: usize,
    /// Facts that they told, once per natural key and round.
    pub facts: usize,
    /// Clusters folded.
    pub clusters: usize,
    /// Ledger entries posted: none, when the ledger was right.
    pub entries: usize,
    /// Conversions whose state changed.
    pub conversions: usize,
}

/// Rebuilds one project and mode within the caller's transaction, in which workers that settle the
/// same customers wait. `read` turns an event into facts; `progress` hears after each round how many
/// events and clusters are done. Events whose bodies are in an archive need them `restored`.
///
/// # Errors
/// When an event cannot be read or its body is not there, the facts cannot be folded, or the database fails; the transaction
/// must then be rolled back.
pub async fn replay(
    connection: &mut PgConnection,
    realm: Realm,
    restored: Option<&Restored>,
    read: impl Fn(&StoredEvent) -> Result<Vec<Fact>, BatchError>,
    mut progress: impl FnMut(&Replayed),
) -> Result<Replayed, BatchError> {
    let mut done = Replayed::default();
    super::plans::pin(connection, Planned::EachTime, None).await?;
    let standing: BTreeSet<ClusterId> = clusters::of_realm(connection, realm).await?;
    clusters::lock(connection, &standing).await?;
    facts::forget(connection, realm).await?;
    let mut after = 0;
    loop {
        let mut events = page(connection, realm, after).await?;
        fill_in(connection, restored, &mut events).await?;
        let Some(last) = events.last() else { break };
        after = last.id;
        let told = events
            .iter()
            .map(|event| Ok((read(event)?, event.received_at)))
            .collect::<Result<Vec<_>, BatchError>>()?;
        done.events += events.len();
        done.facts += remember(connection, realm, &told).await?;
        progress(&done);
    }
    // Those that were merged meanwhile are gone.
    let all: Vec<ClusterId> = clusters::of_realm(connection, realm).await?.into_iter().collect();
    for chunk in all.chunks(usize::try_from(CHUNK).unwrap_or(1)) {
        let settled = fold(connection, realm, chunk).await?;
        done.clusters += chunk.len();
        done.entries += settled.entries;
        done.conversions += settled.conversions.len();
        progress(&done);
    }
    Ok(done)
}

async fn remember(
    connection: &mut PgConnection,
    realm: Realm,
    told: &[(Vec<Fact>, DateTime<Utc>)],
) -> Result<usize, BatchError> {
    let incoming: Vec<Incoming<'_>> = told
        .iter()
        .flat_map(|(facts, received_at)| facts.iter().map(|fact| Incoming::new(fact, *received_at)))
        .collect();
    let count = incoming.len();
    if count > 0 {
        let facts = BTreeMap::from([(realm, incoming)]);
        super::remember(connection, &facts).await?;
    }
    Ok(count)
}

/// Folds clusters, those without a fact as well: what stands there is told by nothing any more.
async fn fold(
    connection: &mut PgConnection,
    realm: Realm,
    chunk: &[ClusterId],
) -> Result<Settled, BatchError> {
    let clusters: BTreeSet<ClusterId> = chunk.iter().copied().collect();
    let (mut parts, mut settled) = (Parts::of(&clusters, Kept::default()), Settled::default());
    while let Some((clusters, mut work)) = parts.load(connection).await? {
        work.include(realm, &clusters);
        let causes = Causes::again("rebuilt from the raw events");
        let mut folds = Folds::default();
        work.fold_into(&mut folds)?;
        let part = super::write(connection, folds, &causes, Depth::Everything).await?;
        settled.entries += part.entries;
        settled.conversions.extend(part.conversions);
    }
    Ok(settled)
}

async fn page(
    connection: &mut PgConnection,
    realm: Realm,
    after: i64,
) -> Result<Vec<StoredEvent>, BatchError> {
    // The length of a body is told without reading it.
    Ok(sqlx::query_as!(
        StoredEvent,
        r#"SELECT id, source, event_id, received_at, body, archived_at
           FROM (
               SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS read_before
               FROM (
                   SELECT id, source, event_id, received_at, body, archived_at FROM events
                   WHERE project_id = $1 AND livemode = $2 AND id > $3
                   ORDER BY id
                   LIMIT $4
               ) next
           ) next
           WHERE read_before < $5
           ORDER BY id"#,
        realm.project.0,
        realm.mode.is_live(),
        after,
        CHUNK,
        BYTES,
    )
    .fetch_all(connection)
    .await?)
}

/// Puts in the bodies that are in an archive; all of them, or the replay would take their payments back.
async fn fill_in(
    connection: &mut PgConnection,
    restored: Option<&Restored>,
    events: &mut Vec<StoredEvent>,
) -> Result<(), BatchError> {
    let archived: Vec<i64> =
        events.iter().filter(|event| event.archived_at.is_some()).map(|event| event.id).collect();
    if archived.is_empty() {
        return Ok(());
    }
    let mut bodies: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    if let Some(restored) = restored {
        if let Some(first_too_many) = restored.first_beyond(connection, &archived, BYTES).await? {
            events.retain(|event| event.id < first_too_many);
        }
        let archived: Vec<i64> =
            events.iter().filter(|event| event.archived_at.is_some()).map(|event| event.id).collect();
        bodies = restored.bodies(connection, &archived).await?.into_iter().collect();
    }
    for event in events {
        let Some(at) = event.archived_at else { continue };
        event.body = bodies.remove(&event.id).ok_or_else(|| BatchError::Event {
            event_id: event.event_id.clone(),
            reason: format!(
                "its body went to an archive on {}: name the file with --archive",
                at.format("%Y-%m-%d")
            ),
        })?;
    }
    Ok(())
}
