//! Facts, once per natural key.

use super::BatchError;
use super::clusters::Resolved;
use super::fact_rows;
use super::incoming::{Homed, Incoming};
use super::new_rows::{self, Stored};
use crate::{PgConnection, StoreError, keep::keep, realm};
use chrono::{DateTime, SubsecRound, Utc};
use domain::fact::{Fact, FactBody};
use domain::ids::{ClusterId, Realm};
use domain::key::Key;
use domain::settle::KnownFact;
use futures::{Stream, TryStreamExt as _};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::types::Json;
use sqlx::{Decode, Postgres, Type};
use std::collections::{BTreeMap, BTreeSet};

/// The facts of clusters of which no others are stored, as the database gives them back.
pub(super) type Kept = BTreeMap<(Realm, ClusterId), Vec<KnownFact>>;

/// Stores facts in their clusters. `part` tells the part of a fact, by its cluster and natural key. Those of new clusters are all
/// that there is of them, and are handed back.
pub(super) async fn store(
    connection: &mut PgConnection,
    rows: &[(Realm, Incoming<'_>)],
    clusters: &Resolved,
    part: impl Fn((Realm, ClusterId), &str) -> Option<i64>,
) -> Result<Kept, StoreError> {
    let homed = rows.iter().copied().filter_map(|(realm, told)| {
        let of_key = clusters.of_key.get(&realm)?;
        let cluster = told.fact.identities.iter().find_map(|key| of_key.get(key)).copied()?;
        let part = part((realm, cluster), &told.fact.natural_key);
        Some(Homed { realm, cluster, part, told })
    });
    let rows: Vec<Homed<'_>> = homed.collect();
    let (new, old): (Vec<_>, Vec<_>) =
        rows.iter().copied().partition(|row| clusters.fresh.contains(&row.cluster));
    // The keys of a new cluster are new, and so is what they tell of, but for a fact that was told by other keys before.
    if new.len() >= new_rows::WORTH_IT && fact_rows::insert(connection, &new).await? == Stored::All {
        fact_rows::upsert(connection, &old).await?;
    } else {
        fact_rows::upsert(connection, &rows).await?;
    }
    let mut kept: Kept = clusters
        .of_key
        .iter()
        .flat_map(|(realm, clusters)| clusters.values().map(|cluster| (*realm, *cluster)))
        .filter(|(_, cluster)| clusters.fresh.contains(cluster))
        .map(|home| (home, Vec::new()))
        .collect();
    for row in new {
        if let Some(facts) = kept.get_mut(&(row.realm, row.cluster)) {
            facts.push(as_stored(row.told));
        }
    }
    // What callers say has versions, which are read with the rest.
    kept.retain(|_, facts| !facts.iter().any(|known| matches!(known.fact.body, FactBody::Posted(_))));
    Ok(kept)
}

/// A fact as it is read again: PostgreSQL keeps microseconds.
pub(super) fn as_stored(incoming: Incoming<'_>) -> KnownFact {
    let fact = incoming.fact.clone();
    let at = fact.at.trunc_subsecs(6);
    KnownFact {
        received_at: incoming.received_at.trunc_subsecs(6),
        first_at: incoming.first_at.trunc_subsecs(6),
        fact: Fact { at, ..fact },
    }
}

/// Forgets every fact of a project and mode, to read them again, and what they came to.
pub(super) async fn forget(connection: &mut PgConnection, realm: Realm) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE clusters SET past = NULL WHERE project_id = $1 AND livemode = $2 AND past IS NOT NULL",
        realm.project.0,
        realm.mode.is_live()
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "WITH versions AS (DELETE FROM fact_versions WHERE project_id = $1 AND livemode = $2)
         DELETE FROM facts WHERE project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Facts with the part of each.
pub(super) type Rows = BTreeMap<(Realm, ClusterId), Vec<(KnownFact, Option<i64>)>>;

/// Bytes of facts, as the database sends them, that are in memory together; folded they are several times that.
const AT_ONCE: usize = 16 << 20;

/// The facts of each cluster that is stored; nothing when those of several clusters are more than [`AT_ONCE`]. One
/// cluster's are folded together, however many they are.
pub(super) async fn load(
    connection: &mut PgConnection,
    clusters: &BTreeSet<ClusterId>,
) -> Result<Option<Rows>, BatchError> {
    if clusters.is_empty() {
        return Ok(Some(Rows::new()));
    }
    let ids: Vec<i64> = clusters.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT project_id, livemode, natural_key, cluster_id, keep_first, keep_latest, rank, occurred_at, event_id,
               received_at, first_at, part, links AS "links: Json<Vec<Key>>", body AS "body: Measured<FactBody>"
        FROM facts WHERE cluster_id = ANY($1)
        "#,
        &ids,
    )
    .fetch(connection);
    read(rows, if clusters.len() > 1 { AT_ONCE } else { usize::MAX }).await
}

/// The facts of some parts of clusters.
pub(super) async fn load_parts(
    connection: &mut PgConnection,
    parts: &BTreeSet<(ClusterId, i64)>,
) -> Result<Rows, BatchError> {
    if parts.is_empty() {
        return Ok(Rows::new());
    }
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT f.project_id AS "project_id!", f.livemode AS "livemode!", f.natural_key AS "natural_key!",
               f.cluster_id AS "cluster_id!", f.keep_first AS "keep_first!", f.keep_latest AS "keep_latest!", f.rank AS "rank!",
               f.occurred_at AS "occurred_at!", f.event_id AS "event_id!", f.received_at AS "received_at!", f.first_at, f.part,
               f.links AS "links!: Json<Vec<Key>>", f.body AS "body!: Measured<FactBody>"
        FROM UNNEST($1::BIGINT[], $2::BIGINT[]) AS named (cluster_id, part)
        CROSS JOIN LATERAL (
            SELECT * FROM facts WHERE cluster_id = named.cluster_id AND part = named.part OFFSET 0
        ) f
        "#,
        &parts.iter().map(|(cluster, _)| cluster.0).collect::<Vec<_>>(),
        &parts.iter().map(|(_, part)| *part).collect::<Vec<_>>(),
    )
    .fetch(connection);
    Ok(read(rows, usize::MAX).await?.unwrap_or_default())
}

/// The facts of clusters that belong to no part and are not known to belong to none: those that have joined long ones.
pub(super) async fn load_without_part(
    connection: &mut PgConnection,
    clusters: impl Iterator<Item = &ClusterId>,
) -> Result<Rows, BatchError> {
    let clusters: Vec<i64> = clusters.map(|cluster| cluster.0).collect();
    if clusters.is_empty() {
        return Ok(Rows::new());
    }
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT f.project_id AS "project_id!", f.livemode AS "livemode!", f.natural_key AS "natural_key!",
               f.cluster_id AS "cluster_id!", f.keep_first AS "keep_first!", f.keep_latest AS "keep_latest!", f.rank AS "rank!",
               f.occurred_at AS "occurred_at!", f.event_id AS "event_id!", f.received_at AS "received_at!", f.first_at, f.part,
               f.links AS "links!: Json<Vec<Key>>", f.body AS "body!: Measured<FactBody>"
        FROM UNNEST($1::BIGINT[]) AS named (cluster_id)
        CROSS JOIN LATERAL (
            SELECT * FROM facts WHERE cluster_id = named.cluster_id AND part IS NULL OFFSET 0
        ) f
        "#,
        &clusters,
    )
    .fetch(connection);
    Ok(read(rows, usize::MAX).await?.unwrap_or_default())
}

struct Row {
    project_id: i64,
    livemode: bool,
    natural_key: String,
    cluster_id: i64,
    keep_first: bool,
    keep_latest: bool,
    rank: i64,
    occurred_at: DateTime<Utc>,
    event_id: String,
    received_at: DateTime<Utc>,
    first_at: Option<DateTime<Utc>>,
    part: Option<i64>,
    links: Json<Vec<Key>>,
    body: Measured<FactBody>,
}

/// Reads rows; nothing when they have more than so many bytes.
async fn read(
    mut rows: impl Stream<Item = Result<Row, sqlx::Error>> + Unpin,
    most: usize,
) -> Result<Option<Rows>, BatchError> {
    let mut facts = Rows::new();
    let mut bytes = 0_usize;
    while let Some(row) = rows.try_next().await.map_err(unreadable)? {
        bytes = bytes.saturating_add(row.body.bytes);
        if bytes > most {
            return Ok(None);
        }
        let home = (realm(row.project_id, row.livemode), ClusterId(row.cluster_id));
        let fact = Fact {
            natural_key: row.natural_key,
            keep: keep(row.keep_first, row.keep_latest),
            rank: row.rank,
            at: row.occurred_at,
            event: row.event_id,
            identities: row.links.0,
            body: row.body.value,
        };
        // A release before 0061 wrote none.
        let first_at = row.first_at.unwrap_or_else(|| fact.told_at());
        let known = KnownFact { received_at: row.received_at, first_at, fact };
        facts.entry(home).or_default().push((known, row.part));
    }
    Ok(Some(facts))
}

fn unreadable(error: sqlx::Error) -> BatchError {
    match error {
        sqlx::Error::ColumnDecode { source, .. } => BatchError::Unreadable(format!("a fact: {source}")),
        other => other.into(),
    }
}

/// JSON, and how many bytes it had.
#[derive(Debug)]
struct Measured<T> {
    value: T,
    bytes: usize,
}

impl<T> Type<Postgres> for Measured<T>
where
    Json<T>: Type<Postgres>,
{
    fn type_info() -> PgTypeInfo {
        Json::<T>::type_info()
    }

    fn compatible(of: &PgTypeInfo) -> bool {
        Json::<T>::compatible(of)
    }
}

impl<'r, T> Decode<'r, Postgres> for Measured<T>
where
    Json<T>: Decode<'r, Postgres>,
{
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes = value.as_bytes()?.len();
        Ok(Self { value: Json::decode(value)?.0, bytes })
    }
}

/// One fact per natural key, in key order: an upsert may meet each row only once, and two workers
/// that take rows in the same order do not deadlock.
pub(super) fn collapse<'a>(facts: &BTreeMap<Realm, Vec<Incoming<'a>>>) -> Vec<(Realm, Incoming<'a>)> {
    let mut unique: BTreeMap<(Realm, &str), Incoming<'a>> = BTreeMap::new();
    for (realm, incoming) in
        facts.iter().flat_map(|(realm, facts)| facts.iter().map(move |fact| (*realm, *fact)))
    {
        unique
            .entry((realm, &incoming.fact.natural_key))
            .and_modify(|kept| {
                let received_at = kept.received_at.min(incoming.received_at);
                let first_at = kept.first_at.min(incoming.first_at);
                let fact = if incoming.fact.supersedes(kept.fact) { incoming.fact } else { kept.fact };
                *kept = Incoming { fact, received_at, first_at };
            })
            .or_insert(incoming);
    }
    unique.into_iter().map(|((realm, _), incoming)| (realm, incoming)).collect()
}
