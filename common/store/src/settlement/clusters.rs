//! Clusters: which identities concern one another, locked so that nobody else folds them.

use super::cluster_keys::{self, ClusterOfKey, Home, Unnamed};
use super::incoming::Incoming;
use super::part_number;
use crate::{PgConnection, StoreError, decode};
use domain::ids::{ClusterId, Realm};
use domain::key::Key;
use domain::reevaluation::Reevaluation;
use domain::settle::{Division, Past};
use domain::union_find::UnionFind;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

/// Far more rounds than workers that meet ever need: what takes longer has no end.
const ROUNDS: usize = 100;

/// Clusters that are locked until the transaction ends.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// The cluster of each key that was asked for.
    pub(super) of_key: ClusterOfKey,
    /// Those that this transaction made and that met no other: nothing is stored of them but their keys.
    pub(super) fresh: BTreeSet<ClusterId>,
    /// What the long ones come to, of those that met no other, or whom others have joined.
    pub(super) pasts: BTreeMap<ClusterId, Past>,
    /// Long ones that others have joined, whose facts have no part yet, and the customers' rows of those.
    pub(super) joined: BTreeMap<ClusterId, BTreeSet<i64>>,
    /// The parts of keys of long ones.
    pub(super) parts: BTreeMap<Realm, BTreeMap<Key, i64>>,
}

/// Sets of keys that belong into one cluster each.
#[derive(Debug, Default)]
struct Sets<'a> {
    /// By their least key.
    of_all: BTreeMap<Realm, BTreeMap<Key, Vec<Key>>>,
    /// What brings them together.
    facts: Option<&'a BTreeMap<Realm, Vec<Incoming<'a>>>>,
}

impl Sets<'_> {
    fn keys(&self) -> Vec<(Realm, &Key)> {
        let all = self.of_all.iter();
        all.flat_map(|(realm, sets)| sets.values().flatten().map(|key| (*realm, key))).collect()
    }

    /// Of each key of a part the least of those of the same part.
    fn parts(&self, realm: Realm, division: Division) -> BTreeMap<Key, Key> {
        let mut sets = UnionFind::default();
        for incoming in self.facts.and_then(|facts| facts.get(&realm)).into_iter().flatten() {
            sets.join(incoming.fact.identities.iter().filter(|key| division.joins(key)));
        }
        let of_one = |(root, keys): (Key, Vec<Key>)| keys.into_iter().map(move |key| (key, root.clone()));
        sets.sets().into_iter().flat_map(of_one).collect()
    }
}

/// Brings every key that the facts name into one cluster per connected set, creating and merging
/// clusters as needed, and locks them until the transaction ends.
pub(super) async fn resolve(
    connection: &mut PgConnection,
    facts: &BTreeMap<Realm, Vec<Incoming<'_>>>,
) -> Result<Resolved, StoreError> {
    resolve_sets(connection, &connected(facts)).await
}

/// Brings each of these sets of keys into one cluster.
pub(super) async fn join(connection: &mut PgConnection, met: &[(Realm, Vec<Key>)]) -> Result<(), StoreError> {
    let mut joined: BTreeMap<Realm, UnionFind> = BTreeMap::new();
    for (realm, keys) in met {
        joined.entry(*realm).or_default().join(keys);
    }
    let of_all = joined.into_iter().map(|(realm, mut sets)| (realm, sets.sets())).collect();
    resolve_sets(connection, &Sets { of_all, facts: None }).await?;
    Ok(())
}

async fn resolve_sets(connection: &mut PgConnection, sets: &Sets<'_>) -> Result<Resolved, StoreError> {
    let keys = sets.keys();
    // A key may only join a cluster that is locked: another worker could merge it away otherwise, and
    // the key would be left with a cluster that no longer is. A key leaves a cluster only when that is
    // merged away, so one whose cluster is there once it is locked is still in it. Where a cluster has gone
    // meanwhile, or somebody else was first with a key, look again: more than one round only when two
    // workers meet.
    let mut locked: BTreeMap<ClusterId, Option<Past>> = BTreeMap::new();
    let mut fresh = BTreeSet::new();
    for _ in 0..ROUNDS {
        let (mut of_key, mut parts) = cluster_keys::find(connection, &keys).await?;
        let needed: BTreeSet<ClusterId> = of_key.values().flat_map(BTreeMap::values).copied().collect();
        let unlocked: BTreeSet<ClusterId> =
            needed.into_iter().filter(|cluster| !locked.contains_key(cluster)).collect();
        let now = lock(connection, &unlocked).await?;
        let all_are_there = now.len() == unlocked.len();
        locked.extend(now);
        if !all_are_there {
            continue;
        }
        if number_of_keys(&of_key) < keys.len() {
            // Nobody else sees them before the commit, so they count as locked.
            let created = create(connection, sets, &mut of_key, &mut parts, &locked).await?;
            locked.extend(created.iter().map(|cluster| (*cluster, None)));
            fresh.extend(created);
        }
        if number_of_keys(&of_key) == keys.len() {
            let long = locked.into_iter().filter_map(|(cluster, past)| Some((cluster, past?)));
            let resolved = Resolved { of_key, fresh, pasts: long.collect(), joined: BTreeMap::new(), parts };
            return merge(connection, sets, resolved).await;
        }
    }
    Err(decode("a key leads to a cluster that does not exist"))
}

fn number_of_keys(clusters: &ClusterOfKey) -> usize {
    clusters.values().map(BTreeMap::len).sum()
}

/// Locks clusters in order of their ids, and tells which of them still exist, and what is kept of their past. What
/// another release wrote of it is not read.
pub(super) async fn lock(
    connection: &mut PgConnection,
    clusters: &BTreeSet<ClusterId>,
) -> Result<BTreeMap<ClusterId, Option<Past>>, StoreError> {
    if clusters.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<i64> = clusters.iter().map(|id| id.0).collect();
    let locked =
        sqlx::query!("SELECT id, past FROM clusters WHERE id = ANY($1) ORDER BY id FOR UPDATE", &ids)
            .fetch_all(connection)
            .await?;
    let past = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(locked.into_iter().map(|row| (ClusterId(row.id), past(row.past))).collect())
}

/// The keys whose cluster somebody else has locked. Waits for nobody.
pub(super) async fn held(
    connection: &mut PgConnection,
    facts: &BTreeMap<Realm, Vec<Incoming<'_>>>,
) -> Result<BTreeMap<Realm, BTreeSet<Key>>, StoreError> {
    let sets = connected(facts);
    let (found, _) = cluster_keys::find(connection, &sets.keys()).await?;
    let ids: BTreeSet<i64> = found.values().flat_map(BTreeMap::values).map(|id| id.0).collect();
    let free: BTreeSet<i64> = sqlx::query_scalar!(
        "SELECT id FROM clusters WHERE id = ANY($1) FOR UPDATE SKIP LOCKED",
        &ids.into_iter().collect::<Vec<_>>()
    )
    .fetch_all(connection)
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
    connection: &mut PgConnection,
    realm: Realm,
    reevaluation: &Reevaluation,
) -> Result<BTreeSet<ClusterId>, StoreError> {
    let codes: Vec<String> = reevaluation.codes.iter().map(|code| code.as_str().to_owned()).collect();
    let keys: Vec<String> = reevaluation.keys.iter().map(|key| key.as_str().to_owned()).collect();
    let affiliates: Vec<i64> = reevaluation.affiliates.iter().map(|id| id.0).collect();
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
        reevaluation.rules_since,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ClusterId).collect())
}

/// Every cluster of a realm.
pub(super) async fn of_realm(
    connection: &mut PgConnection,
    realm: Realm,
) -> Result<BTreeSet<ClusterId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM clusters WHERE project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ClusterId).collect())
}

/// Whether a realm has any.
pub(super) async fn any(connection: &mut PgConnection, realm: Realm) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM clusters WHERE project_id = $1 AND livemode = $2) AS "any!""#,
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_one(connection)
    .await?)
}

fn connected<'a>(facts: &'a BTreeMap<Realm, Vec<Incoming<'a>>>) -> Sets<'a> {
    let connected = |facts: &[Incoming<'_>]| {
        let mut sets = UnionFind::default();
        for incoming in facts {
            sets.join(&incoming.fact.identities);
        }
        sets.sets()
    };
    let of_all = facts.iter().map(|(realm, facts)| (*realm, connected(facts))).collect();
    Sets { of_all, facts: Some(facts) }
}

/// Gives each set without a cluster a new one, and each unknown key the cluster of its set, which must
/// be locked. Of two workers that do so at once, the second waits for the first and then finds its
/// rows there, which stay unknown here. Tells the new clusters.
async fn create(
    connection: &mut PgConnection,
    sets: &Sets<'_>,
    known: &mut ClusterOfKey,
    parts: &mut BTreeMap<Realm, BTreeMap<Key, i64>>,
    locked: &BTreeMap<ClusterId, Option<Past>>,
) -> Result<Vec<ClusterId>, StoreError> {
    let cluster_of = |realm: &Realm, keys: &[Key]| {
        let known = known.get(realm)?;
        keys.iter().filter_map(|key| known.get(key)).min().copied()
    };
    let mut homeless: Vec<Realm> = Vec::new();
    let mut rows: Vec<Unnamed<'_>> = Vec::new();
    for (realm, all) in &sets.of_all {
        // Most batches touch no long history, and need none of them.
        let known_parts = parts.get(realm);
        let of_payments = LazyCell::new(|| numbers(sets, *realm, Division::Payments, known_parts));
        let of_people = LazyCell::new(|| numbers(sets, *realm, Division::People, known_parts));
        for keys in all.values() {
            let home = cluster_of(realm, keys).map_or_else(
                || {
                    homeless.push(*realm);
                    Home::New(homeless.len() - 1)
                },
                Home::Known,
            );
            let division = match home {
                Home::Known(id) => locked.get(&id).and_then(Option::as_ref).map(Past::division),
                Home::New(_) => None,
            };
            let is_known = |key: &Key| known.get(realm).is_some_and(|known| known.contains_key(key));
            for key in keys.iter().filter(|key| !is_known(key)) {
                let part = division.and_then(|division| match division {
                    Division::Payments => of_payments.get(key).copied(),
                    Division::People => of_people.get(key).copied(),
                });
                rows.push(Unnamed { realm: *realm, key, home, part });
            }
        }
    }
    // In key order, so that two workers wait for one another instead of deadlocking.
    rows.sort_unstable_by_key(|row| (row.realm, row.key));
    let (created, all_are_named) = cluster_keys::settle_in(connection, &homeless, &rows).await?;
    if all_are_named {
        for Unnamed { realm, key, home, part } in rows {
            let Some(cluster) = home.cluster(&created) else { continue };
            known.entry(realm).or_default().insert(key.clone(), cluster);
            if let Some(part) = part {
                parts.entry(realm).or_default().insert(key.clone(), part);
            }
        }
    }
    Ok(created)
}

/// The number of each key's part: that which one of its keys has already.
fn numbers(
    sets: &Sets<'_>,
    realm: Realm,
    division: Division,
    known: Option<&BTreeMap<Key, i64>>,
) -> BTreeMap<Key, i64> {
    let parts = sets.parts(realm, division);
    let mut of_part: BTreeMap<&Key, i64> = BTreeMap::new();
    for (key, root) in &parts {
        if let Some(part) = known.and_then(|known| known.get(key)) {
            of_part.entry(root).and_modify(|least| *least = *part.min(least)).or_insert(*part);
        }
    }
    let number =
        |root: &Key| of_part.get(root).copied().unwrap_or_else(|| part_number::number(division, root));
    parts.iter().map(|(key, root)| (key.clone(), number(root))).collect()
}

/// Merges the clusters that a set turned out to connect into the oldest of them. What joins a long history is read with what brought it: what
/// is known of the rest stays.
async fn merge(
    connection: &mut PgConnection,
    sets: &Sets<'_>,
    resolved: Resolved,
) -> Result<Resolved, StoreError> {
    let Resolved { of_key: mut clusters, mut fresh, pasts: mut long, mut joined, parts } = resolved;
    // Two sets may share a cluster, so what meets is found over all of them.
    let mut winners: BTreeMap<ClusterId, ClusterId> = BTreeMap::new();
    let find = |winners: &BTreeMap<ClusterId, ClusterId>, mut id: ClusterId| {
        while let Some(next) = winners.get(&id) {
            id = *next;
        }
        id
    };
    for (realm, sets) in &sets.of_all {
        let Some(clusters) = clusters.get(realm) else { continue };
        for keys in sets.values() {
            let met: BTreeSet<ClusterId> =
                keys.iter().filter_map(|key| clusters.get(key)).map(|id| find(&winners, *id)).collect();
            let Some(winner) = met.first().copied() else { continue };
            winners.extend(met.into_iter().skip(1).map(|loser| (loser, winner)));
        }
    }
    if winners.is_empty() {
        return Ok(Resolved { of_key: clusters, fresh, pasts: long, joined, parts });
    }
    let met: BTreeSet<ClusterId> = winners.iter().flat_map(|(loser, winner)| [*loser, *winner]).collect();
    let pairs: Vec<(ClusterId, ClusterId)> =
        winners.keys().map(|loser| (*loser, find(&winners, *loser))).collect();
    // What is stored is joined, not what mappings bring together: that is looked at twice.
    if sets.facts.is_some() {
        let is_long = |id: &ClusterId| long.contains_key(id);
        let winners = pairs.iter().map(|(_, winner)| *winner).filter(is_long);
        joined.extend(winners.map(|winner| (winner, BTreeSet::new())));
        joined.retain(|one, _| !pairs.iter().any(|(loser, winner)| winner == one && is_long(loser)));
    }
    fresh.retain(|id| !met.contains(id));
    long.retain(|id, _| !met.contains(id) || joined.contains_key(id));
    let is_crowd = |id: &ClusterId| long.get(id).is_some_and(|past| past.division() == Division::People);
    let rows = sqlx::query!(
        r#"
        WITH met AS (SELECT * FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BOOLEAN[], $4::BOOLEAN[])
                          AS met (loser, winner, is_kept, is_crowd)),
             keys AS (UPDATE identity_keys k SET cluster_id = met.winner, part = CASE WHEN NOT met.is_kept THEN k.part END,
                          customer_id = CASE WHEN met.is_crowd THEN coalesce(sole.id, k.customer_id) ELSE k.customer_id END
                      FROM met LEFT JOIN customers sole ON sole.cluster_id = met.loser AND sole.has_cluster AND met.is_crowd
                      WHERE k.cluster_id = met.loser),
             facts AS (UPDATE facts f SET cluster_id = met.winner, part = CASE WHEN NOT met.is_kept THEN f.part END
                       FROM met WHERE f.cluster_id = met.loser),
             versions AS (UPDATE fact_versions f SET cluster_id = met.winner FROM met WHERE f.cluster_id = met.loser),
             people AS (UPDATE customers c SET cluster_id = met.winner FROM met WHERE c.cluster_id = met.loser),
             conversions AS (UPDATE conversions c SET cluster_id = met.winner FROM met WHERE c.cluster_id = met.loser),
             pasts AS (UPDATE clusters c SET past = NULL FROM met WHERE c.id = met.winner AND c.past IS NOT NULL AND NOT met.is_kept),
             gone AS (DELETE FROM clusters USING met WHERE id = met.loser)
        SELECT met.winner AS "winner!", c.id AS "customer!" FROM met JOIN customers c ON c.cluster_id = met.loser
        WHERE met.is_kept
        "#,
        &pairs.iter().map(|(loser, _)| loser.0).collect::<Vec<_>>(),
        &pairs.iter().map(|(_, winner)| winner.0).collect::<Vec<_>>(),
        &pairs.iter().map(|(_, winner)| joined.contains_key(winner)).collect::<Vec<_>>(),
        &pairs.iter().map(|(_, winner)| is_crowd(winner)).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        joined.entry(ClusterId(row.winner)).or_default().insert(row.customer);
    }
    for cluster in clusters.values_mut().flat_map(BTreeMap::values_mut) {
        *cluster = find(&winners, *cluster);
    }
    Ok(Resolved { of_key: clusters, fresh, pasts: long, joined, parts })
}
