//! Which cluster a key is of.

use super::new_rows::{self, Stored};
use crate::{PgConnection, StoreError, decode, realm};
use domain::ids::{ClusterId, Realm};
use domain::key::Key;
use sqlx::postgres::PgQueryResult;
use std::collections::{BTreeMap, VecDeque};

/// The cluster of each key.
pub(super) type ClusterOfKey = BTreeMap<Realm, BTreeMap<Key, ClusterId>>;

/// The clusters of keys, and the parts of those that have one.
pub(super) async fn find(
    connection: &mut PgConnection,
    keys: &[(Realm, &Key)],
) -> Result<(ClusterOfKey, BTreeMap<Realm, BTreeMap<Key, i64>>), StoreError> {
    let (projects, livemodes, names) = columns(keys);
    let rows = sqlx::query!(
        r#"
        SELECT k.project_id AS "project_id!", k.livemode AS "livemode!", k.key AS "key!", k.cluster_id AS "cluster_id!",
               k.part
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, key)
        CROSS JOIN LATERAL (
            SELECT * FROM identity_keys
            WHERE project_id = named.project_id AND livemode = named.livemode AND key = named.key OFFSET 0
        ) k
        "#,
        &projects,
        &livemodes,
        &names as &[&str],
    )
    .fetch_all(connection)
    .await?;
    let (mut found, mut parts) = (ClusterOfKey::new(), BTreeMap::<_, BTreeMap<_, _>>::new());
    for row in rows {
        let (realm, key) = (realm(row.project_id, row.livemode), Key::stored(row.key));
        if let Some(part) = row.part {
            parts.entry(realm).or_default().insert(key.clone(), part);
        }
        found.entry(realm).or_default().insert(key, ClusterId(row.cluster_id));
    }
    Ok((found, parts))
}

/// Where a key belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// Into a cluster that is there.
    Known(ClusterId),
    /// Into the one that is made for this of those without one.
    New(usize),
}

impl Home {
    /// The cluster, once those that are missing are made.
    pub(super) fn cluster(self, created: &[ClusterId]) -> Option<ClusterId> {
        match self {
            Self::Known(cluster) => Some(cluster),
            Self::New(place) => created.get(place).copied(),
        }
    }
}

/// A key that is nobody's yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unnamed<'a> {
    pub(super) realm: Realm,
    pub(super) key: &'a Key,
    pub(super) home: Home,
    /// Of a long history, which part of it is the key's.
    pub(super) part: Option<i64>,
}

/// Makes a cluster for each of the `homeless`, and names the keys, in their order, as those of their homes. Tells the clusters in the order
/// of the homeless, and whether all keys are named: not where somebody else was first with one.
pub(super) async fn settle_in(
    connection: &mut PgConnection,
    homeless: &[Realm],
    keys: &[Unnamed<'_>],
) -> Result<(Vec<ClusterId>, bool), StoreError> {
    if homeless.is_empty() || keys.len() >= new_rows::WORTH_IT {
        let created = in_order(homeless, insert(connection, homeless).await?)?;
        let rows: Vec<Named<'_>> = keys
            .iter()
            .filter_map(|row| Some((row.realm, row.key, row.home.cluster(&created)?.0, row.part)))
            .collect();
        let all_are_named = name(connection, &rows).await?;
        return Ok((created, all_are_named));
    }
    // Which of the new ones of a project and mode a place gets is all the same.
    let places = places(homeless);
    let place = |row: &Unnamed<'_>| match row.home {
        Home::Known(_) => None,
        Home::New(place) => places.get(place).copied(),
    };
    let known = |row: &Unnamed<'_>| match row.home {
        Home::Known(cluster) => Some(cluster.0),
        Home::New(_) => None,
    };
    let rows = sqlx::query!(
        r#"
        WITH fresh AS (
            INSERT INTO clusters (project_id, livemode) SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[])
            RETURNING id, project_id, livemode
        ), placed AS (
            SELECT *, row_number() OVER (PARTITION BY project_id, livemode ORDER BY id) AS place FROM fresh
        ), named AS (
            INSERT INTO identity_keys (project_id, livemode, key, cluster_id, part)
            SELECT k.project_id, k.livemode, k.key, coalesce(k.cluster_id, p.id), k.part
            FROM UNNEST($3::BIGINT[], $4::BOOLEAN[], $5::TEXT[], $6::BIGINT[], $7::BIGINT[], $8::BIGINT[]) WITH ORDINALITY
                AS k (project_id, livemode, key, cluster_id, place, part, number)
            LEFT JOIN placed p ON p.project_id = k.project_id AND p.livemode = k.livemode AND p.place = k.place
            ORDER BY k.number
            ON CONFLICT (project_id, livemode, key) DO NOTHING
            RETURNING 1
        )
        SELECT id, project_id, livemode, (SELECT count(*) FROM named) AS "named!" FROM placed ORDER BY id
        "#,
        &homeless.iter().map(|realm| realm.project.0).collect::<Vec<_>>(),
        &homeless.iter().map(|realm| realm.mode.is_live()).collect::<Vec<_>>(),
        &keys.iter().map(|row| row.realm.project.0).collect::<Vec<_>>(),
        &keys.iter().map(|row| row.realm.mode.is_live()).collect::<Vec<_>>(),
        &keys.iter().map(|row| row.key.as_str()).collect::<Vec<_>>() as &[&str],
        &keys.iter().map(known).collect::<Vec<_>>() as &[Option<i64>],
        &keys.iter().map(place).collect::<Vec<_>>() as &[Option<i64>],
        &keys.iter().map(|row| row.part).collect::<Vec<_>>() as &[Option<i64>],
    )
    .fetch_all(connection)
    .await?;
    let named = rows.first().and_then(|row| usize::try_from(row.named).ok());
    let created = rows.iter().map(|row| (realm(row.project_id, row.livemode), ClusterId(row.id)));
    Ok((in_order(homeless, created)?, named == Some(keys.len())))
}

/// The place of each among those of its project and mode, from 1 on.
fn places(homeless: &[Realm]) -> Vec<i64> {
    let mut last: BTreeMap<Realm, i64> = BTreeMap::new();
    let next = |realm: &Realm| {
        let place = last.entry(*realm).or_default();
        *place += 1;
        *place
    };
    homeless.iter().map(next).collect()
}

/// New clusters, in order of their ids, as those of the homeless.
fn in_order(
    homeless: &[Realm],
    created: impl IntoIterator<Item = (Realm, ClusterId)>,
) -> Result<Vec<ClusterId>, StoreError> {
    let mut of_realm: BTreeMap<Realm, VecDeque<ClusterId>> = BTreeMap::new();
    for (realm, cluster) in created {
        of_realm.entry(realm).or_default().push_back(cluster);
    }
    let next = |realm: &Realm| of_realm.get_mut(realm).and_then(VecDeque::pop_front);
    homeless.iter().map(next).collect::<Option<_>>().ok_or_else(|| decode("a cluster was not made"))
}

async fn insert(
    connection: &mut PgConnection,
    homeless: &[Realm],
) -> Result<Vec<(Realm, ClusterId)>, StoreError> {
    if homeless.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"
        WITH fresh AS (
            INSERT INTO clusters (project_id, livemode) SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[])
            RETURNING id, project_id, livemode
        )
        SELECT id AS "id!", project_id AS "project_id!", livemode AS "livemode!" FROM fresh ORDER BY id
        "#,
        &homeless.iter().map(|realm| realm.project.0).collect::<Vec<_>>(),
        &homeless.iter().map(|realm| realm.mode.is_live()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (realm(row.project_id, row.livemode), ClusterId(row.id))).collect())
}

/// A key, the cluster it is of, and its part there.
type Named<'a> = (Realm, &'a Key, i64, Option<i64>);

/// Names keys, in their order, as those of clusters. False where somebody else was first with one.
async fn name(connection: &mut PgConnection, rows: &[Named<'_>]) -> Result<bool, StoreError> {
    if rows.is_empty() {
        return Ok(true);
    }
    let columns = Columns::of(rows);
    if rows.len() >= new_rows::WORTH_IT
        && new_rows::insert(connection, async |connection| columns.insert(connection).await).await?
            == Stored::All
    {
        return Ok(true);
    }
    let named = columns.insert_unknown(connection).await?;
    Ok(usize::try_from(named.rows_affected()).is_ok_and(|named| named == rows.len()))
}

/// Keys as columns.
struct Columns<'a> {
    projects: Vec<i64>,
    livemodes: Vec<bool>,
    keys: Vec<&'a str>,
    clusters: Vec<i64>,
    parts: Vec<Option<i64>>,
}

impl<'a> Columns<'a> {
    fn of(rows: &[Named<'a>]) -> Self {
        Self {
            projects: rows.iter().map(|(realm, ..)| realm.project.0).collect(),
            livemodes: rows.iter().map(|(realm, ..)| realm.mode.is_live()).collect(),
            keys: rows.iter().map(|(_, key, ..)| key.as_str()).collect(),
            clusters: rows.iter().map(|(_, _, cluster, _)| *cluster).collect(),
            parts: rows.iter().map(|(.., part)| *part).collect(),
        }
    }

    /// Those of which none is known.
    async fn insert(&self, connection: &mut PgConnection) -> Result<PgQueryResult, sqlx::Error> {
        sqlx::query!(
            "INSERT INTO identity_keys (project_id, livemode, key, cluster_id, part)
             SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[])",
            &self.projects,
            &self.livemodes,
            &self.keys as &[&str],
            &self.clusters,
            &self.parts as &[Option<i64>],
        )
        .execute(connection)
        .await
    }

    /// Those that are not known.
    async fn insert_unknown(&self, connection: &mut PgConnection) -> Result<PgQueryResult, sqlx::Error> {
        sqlx::query!(
            "INSERT INTO identity_keys (project_id, livemode, key, cluster_id, part)
             SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[])
             ON CONFLICT (project_id, livemode, key) DO NOTHING",
            &self.projects,
            &self.livemodes,
            &self.keys as &[&str],
            &self.clusters,
            &self.parts as &[Option<i64>],
        )
        .execute(connection)
        .await
    }
}

fn columns<'a>(keys: &[(Realm, &'a Key)]) -> (Vec<i64>, Vec<bool>, Vec<&'a str>) {
    let projects = keys.iter().map(|(realm, _)| realm.project.0).collect();
    let livemodes = keys.iter().map(|(realm, _)| realm.mode.is_live()).collect();
    (projects, livemodes, keys.iter().map(|(_, key)| key.as_str()).collect())
}
