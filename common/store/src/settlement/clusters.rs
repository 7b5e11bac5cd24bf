//! Clusters: which identities concern one another, locked so that nobody else folds them.

use super::facts::Incoming;
use crate::{PgConnection, StoreError, decode, realm};
use domain::ids::{ClusterId, Realm};
use domain::key::Key;
use domain::mappings::Mappings;
use domain::union_find::UnionFind;
use std::collections::{BTreeMap, BTreeSet};

/// Far more rounds than workers that meet ever need: what takes longer has no end.
const ROUNDS: usize = 100;

/// The cluster of each key.
pub(super) type ClusterOfKey = BTreeMap<Realm, BTreeMap<Key, ClusterId>>;

/// Brings every key that the facts name into one cluster per connected set, creating and merging
/// clusters as needed, and locks them until the transaction ends.
pub(super) async fn resolve(
    conn: &mut PgConnection,
    facts: &BTreeMap<Realm, Vec<Incoming<'_>>>,
) -> Result<ClusterOfKey, StoreError> {
    resolve_sets(conn, &connected(facts)).await
}

/// Brings each of these sets of keys into one cluster.
pub(super) async fn join(conn: &mut PgConnection, met: &[(Realm, Vec<Key>)]) -> Result<(), StoreError> {
    let mut joined: BTreeMap<Realm, UnionFind> = BTreeMap::new();
    for (realm, keys) in met {
        joined.entry(*realm).or_default().join(keys);
    }
    let sets: Sets = joined.into_iter().map(|(realm, mut sets)| (realm, sets.sets())).collect();
    resolve_sets(conn, &sets).await?;
    Ok(())
}

async fn resolve_sets(conn: &mut PgConnection, sets: &Sets) -> Result<ClusterOfKey, StoreError> {
    let keys: Vec<(Realm, &Key)> =
        sets.iter().flat_map(|(realm, sets)| sets.values().flatten().map(|key| (*realm, key))).collect();
    // A key may only join a cluster that is locked: another worker could merge it away otherwise, and
    // the key would be left with a cluster that no longer is. Between finding and locking, clusters may
    // have been created or merged, so look again until everything found is locked and nothing is
    // missing. One round more than needed unless two workers meet.
    let mut locked = BTreeSet::new();
    for _ in 0..ROUNDS {
        let found = find(conn, &keys).await?;
        let needed: BTreeSet<ClusterId> = found.values().flat_map(BTreeMap::values).copied().collect();
        if !needed.is_subset(&locked) {
            locked.extend(lock(conn, &needed).await?);
        } else if found.values().map(BTreeMap::len).sum::<usize>() == keys.len() {
            return merge(conn, sets, found).await;
        } else {
            // Nobody else sees them before the commit, so they count as locked.
            locked.extend(create(conn, sets, &found).await?);
        }
    }
    Err(decode("a key leads to a cluster that does not exist"))
}

/// Locks clusters in order of their ids, and tells which of them still exist.
pub(super) async fn lock(
    conn: &mut PgConnection,
    clusters: &BTreeSet<ClusterId>,
) -> Result<BTreeSet<ClusterId>, StoreError> {
    let ids: Vec<i64> = clusters.iter().map(|id| id.0).collect();
    let locked =
        sqlx::query_scalar!("SELECT id FROM clusters WHERE id = ANY($1) ORDER BY id FOR UPDATE", &ids)
            .fetch_all(conn)
            .await?;
    Ok(locked.into_iter().map(ClusterId).collect())
}

/// The keys whose cluster somebody else has locked. Waits for nobody.
pub(super) async fn held(
    conn: &mut PgConnection,
    facts: &BTreeMap<Realm, Vec<Incoming<'_>>>,
) -> Result<BTreeMap<Realm, BTreeSet<Key>>, StoreError> {
    let sets = connected(facts);
    let keys: Vec<(Realm, &Key)> =
        sets.iter().flat_map(|(realm, sets)| sets.values().flatten().map(|key| (*realm, key))).collect();
    let found = find(conn, &keys).await?;
    let ids: BTreeSet<i64> = found.values().flat_map(BTreeMap::values).map(|id| id.0).collect();
    let free: BTreeSet<i64> = sqlx::query_scalar!(
        "SELECT id FROM clusters WHERE id = ANY($1) FOR UPDATE SKIP LOCKED",
        &ids.into_iter().collect::<Vec<_>>()
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .collect();
    let of_realm = |keys: BTreeMap<Key, ClusterId>| {
        keys.into_iter().filter(|(_, id)| !free.contains(&id.0)).map(|(key, _)| key).collect()
    };
    Ok(found.into_iter().map(|(realm, keys)| (realm, of_realm(keys))).collect())
}

/// The clusters that are judged otherwise, now that these mappings have changed: those that mention
/// one of the codes, hold one of the keys, have earned one of the affiliates something, or tell of
/// something since the rules changed.
pub(super) async fn concerned(
    conn: &mut PgConnection,
    realm: Realm,
    mappings: &Mappings,
) -> Result<BTreeSet<ClusterId>, StoreError> {
    let codes: Vec<String> = mappings.codes.iter().map(|code| code.as_str().to_owned()).collect();
    let keys: Vec<String> = mappings.keys.iter().map(|key| key.as_str().to_owned()).collect();
    let affiliates: Vec<i64> = mappings.affiliates.iter().map(|id| id.0).collect();
    let ids = sqlx::query_scalar!(
        r#"
        SELECT cluster_id AS "cluster_id!" FROM facts
        WHERE codes IS NOT NULL AND codes && $3 AND project_id = $1 AND livemode = $2
        UNION
        SELECT cluster_id FROM identity_keys WHERE project_id = $1 AND livemode = $2 AND key = ANY($4)
        UNION
        SELECT cluster_id FROM conversions
        WHERE affiliate_id = ANY($5) AND project_id = $1 AND livemode = $2 AND merged_into IS NULL
          AND cluster_id IS NOT NULL
        UNION
        SELECT cluster_id FROM customers
        WHERE affiliate_id = ANY($5) AND project_id = $1 AND livemode = $2 AND NOT retired
        UNION
        -- A payment's time is that of its money, a fact's that of its event: either may be the later one.
        SELECT cluster_id FROM facts WHERE $6::TIMESTAMPTZ <= occurred_at AND project_id = $1 AND livemode = $2
        UNION
        SELECT cluster_id FROM conversions
        WHERE $6::TIMESTAMPTZ <= occurred_at AND project_id = $1 AND livemode = $2 AND merged_into IS NULL
          AND cluster_id IS NOT NULL
        "#,
        realm.project.0,
        realm.mode.is_live(),
        &codes,
        &keys,
        &affiliates,
        mappings.rules_since,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ClusterId).collect())
}

/// Every cluster of a realm.
pub(super) async fn of_realm(
    conn: &mut PgConnection,
    realm: Realm,
) -> Result<BTreeSet<ClusterId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM clusters WHERE project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ClusterId).collect())
}

/// Whether a realm has any.
pub(super) async fn any(conn: &mut PgConnection, realm: Realm) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM clusters WHERE project_id = $1 AND livemode = $2) AS "any!""#,
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_one(conn)
    .await?)
}

/// The connected sets of keys, by their least key.
type Sets = BTreeMap<Realm, BTreeMap<Key, Vec<Key>>>;

fn connected(facts: &BTreeMap<Realm, Vec<Incoming<'_>>>) -> Sets {
    let sets = facts.iter().map(|(realm, facts)| {
        let mut sets = UnionFind::default();
        for incoming in facts {
            sets.join(&incoming.fact.links);
        }
        (*realm, sets.sets())
    });
    sets.collect()
}

async fn find(conn: &mut PgConnection, keys: &[(Realm, &Key)]) -> Result<ClusterOfKey, StoreError> {
    let (projects, livemodes, names) = columns(keys);
    let rows = sqlx::query!(
        r#"
        SELECT k.project_id AS "project_id!", k.livemode AS "livemode!", k.key AS "key!", k.cluster_id AS "cluster_id!"
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, key)
        JOIN identity_keys k USING (project_id, livemode, key)
        "#,
        &projects,
        &livemodes,
        &names,
    )
    .fetch_all(conn)
    .await?;
    let mut found = ClusterOfKey::new();
    for row in rows {
        found
            .entry(realm(row.project_id, row.livemode))
            .or_default()
            .insert(Key::stored(row.key), ClusterId(row.cluster_id));
    }
    Ok(found)
}

/// Gives each set without a cluster a new one, and each unknown key the cluster of its set, which must
/// be locked. Of two workers that do so at once, the second waits for the first and then finds its
/// rows there. Tells the new clusters.
async fn create(
    conn: &mut PgConnection,
    sets: &Sets,
    known: &ClusterOfKey,
) -> Result<Vec<ClusterId>, StoreError> {
    let cluster_of = |realm: &Realm, keys: &[Key]| {
        let known = known.get(realm)?;
        keys.iter().filter_map(|key| known.get(key)).min().copied()
    };
    let homeless: Vec<Realm> = sets
        .iter()
        .flat_map(|(realm, sets)| {
            sets.values().filter(|keys| cluster_of(realm, keys).is_none()).map(|_| *realm)
        })
        .collect();
    let mut fresh: BTreeMap<Realm, Vec<ClusterId>> = BTreeMap::new();
    if !homeless.is_empty() {
        let rows = sqlx::query!(
            r#"
            INSERT INTO clusters (project_id, livemode)
            SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[])
            RETURNING id, project_id, livemode
            "#,
            &homeless.iter().map(|realm| realm.project.0).collect::<Vec<_>>(),
            &homeless.iter().map(|realm| realm.mode.is_live()).collect::<Vec<_>>(),
        )
        .fetch_all(&mut *conn)
        .await?;
        for row in rows {
            fresh.entry(realm(row.project_id, row.livemode)).or_default().push(ClusterId(row.id));
        }
    }
    let created: Vec<ClusterId> = fresh.values().flatten().copied().collect();
    let mut rows: Vec<(Realm, &Key)> = Vec::new();
    let mut clusters: Vec<i64> = Vec::new();
    for (realm, sets) in sets {
        for keys in sets.values() {
            let cluster = cluster_of(realm, keys).or_else(|| fresh.get_mut(realm)?.pop());
            let Some(cluster) = cluster else { continue };
            let is_known = |key: &Key| known.get(realm).is_some_and(|known| known.contains_key(key));
            for key in keys.iter().filter(|key| !is_known(key)) {
                rows.push((*realm, key));
                clusters.push(cluster.0);
            }
        }
    }
    if rows.is_empty() {
        return Ok(created);
    }
    let (projects, livemodes, names) = columns(&rows);
    // In key order, so that two workers wait for one another instead of deadlocking.
    sqlx::query!(
        r#"
        INSERT INTO identity_keys (project_id, livemode, key, cluster_id)
        SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[]) AS new (project_id, livemode, key, cluster_id)
        ORDER BY project_id, livemode, key COLLATE "C"
        ON CONFLICT (project_id, livemode, key) DO NOTHING
        "#,
        &projects,
        &livemodes,
        &names,
        &clusters,
    )
    .execute(conn)
    .await?;
    Ok(created)
}

/// Merges the clusters that a set turned out to connect into the oldest of them.
async fn merge(
    conn: &mut PgConnection,
    sets: &Sets,
    mut clusters: ClusterOfKey,
) -> Result<ClusterOfKey, StoreError> {
    // Two sets may share a cluster, so what meets is found over all of them.
    let mut winners: BTreeMap<ClusterId, ClusterId> = BTreeMap::new();
    let find = |winners: &BTreeMap<ClusterId, ClusterId>, mut id: ClusterId| {
        while let Some(next) = winners.get(&id) {
            id = *next;
        }
        id
    };
    for (realm, sets) in sets {
        let Some(clusters) = clusters.get(realm) else { continue };
        for keys in sets.values() {
            let met: BTreeSet<ClusterId> =
                keys.iter().filter_map(|key| clusters.get(key)).map(|id| find(&winners, *id)).collect();
            let Some(winner) = met.first().copied() else { continue };
            winners.extend(met.into_iter().skip(1).map(|loser| (loser, winner)));
        }
    }
    if winners.is_empty() {
        return Ok(clusters);
    }
    let pairs: Vec<(i64, i64)> = winners.keys().map(|loser| (loser.0, find(&winners, *loser).0)).collect();
    let (losers, winners_of): (Vec<i64>, Vec<i64>) = pairs.into_iter().unzip();
    sqlx::query!(
        r#"
        WITH met AS (SELECT * FROM UNNEST($1::BIGINT[], $2::BIGINT[]) AS met (loser, winner)),
             keys AS (UPDATE identity_keys k SET cluster_id = met.winner FROM met WHERE k.cluster_id = met.loser),
             facts AS (UPDATE facts f SET cluster_id = met.winner FROM met WHERE f.cluster_id = met.loser),
             versions AS (UPDATE fact_versions f SET cluster_id = met.winner FROM met WHERE f.cluster_id = met.loser),
             customers AS (UPDATE customers c SET cluster_id = met.winner FROM met WHERE c.cluster_id = met.loser),
             conversions AS (UPDATE conversions c SET cluster_id = met.winner FROM met WHERE c.cluster_id = met.loser)
        DELETE FROM clusters USING met WHERE id = met.loser
        "#,
        &losers,
        &winners_of,
    )
    .execute(conn)
    .await?;
    for cluster in clusters.values_mut().flat_map(BTreeMap::values_mut) {
        *cluster = find(&winners, *cluster);
    }
    Ok(clusters)
}

fn columns(keys: &[(Realm, &Key)]) -> (Vec<i64>, Vec<bool>, Vec<String>) {
    let projects = keys.iter().map(|(realm, _)| realm.project.0).collect();
    let livemodes = keys.iter().map(|(realm, _)| realm.mode.is_live()).collect();
    (projects, livemodes, keys.iter().map(|(_, key)| key.as_str().to_owned()).collect())
}
