//! The parts of a long history: what belongs to one payment, or to one of many people, so that an event reads the facts of
//! those that it touches and no others.
//!
//! A part is named by a number, which facts and keys carry: 0 for what belongs to none. An address is of a part as long as it is
//! one person's. Histories that are short have no parts, and are read as a whole.

use super::BatchError;
use super::clusters::Resolved;
use super::facts::{self, Kept, Rows, as_stored};
use super::incoming::Incoming;
use super::part_number::{NO_PART, number};
use crate::{PgConnection, StoreError};
use domain::ids::{ClusterId, Realm};
use domain::key::Key;
use domain::settle::{Division, KnownFact, Past};
use domain::union_find::UnionFind;
use std::collections::{BTreeMap, BTreeSet};

/// What an event touches of a long history.
#[derive(Debug)]
pub(super) struct Near {
    /// What all facts came to before.
    pub(super) past: Past,
    /// What is read of them, by natural key.
    before: BTreeMap<String, KnownFact>,
    after: BTreeMap<String, KnownFact>,
    /// Rows of the customers of what has joined it.
    rows: BTreeSet<i64>,
    /// The part of each fact, as it is now.
    parts: BTreeMap<String, i64>,
    /// Facts and keys whose part has met another, or that had none.
    moved: Vec<(String, i64)>,
    renamed: Vec<(Key, i64)>,
}

impl Near {
    pub(super) fn before(&self) -> Vec<KnownFact> {
        self.before.values().cloned().collect()
    }

    pub(super) fn after(&self) -> Vec<KnownFact> {
        self.after.values().cloned().collect()
    }

    /// The facts, as they are now.
    pub(super) fn facts(&self) -> impl Iterator<Item = &KnownFact> {
        self.after.values()
    }

    /// Every key of the payments that are read, as they were and as they are.
    pub(super) fn payments(&self) -> BTreeSet<Key> {
        self.keys().filter(|key| key.names_a_payment()).cloned().collect()
    }

    /// The people who are read, where others are not.
    pub(super) fn people(&self) -> Option<People> {
        let division = self.past.division();
        let people = || People {
            keys: self.keys().filter(|key| division.joins(key)).cloned().collect(),
            rows: self.rows.clone(),
        };
        (division == Division::People).then(people)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        self.before.values().chain(self.after.values()).flat_map(|known| &known.fact.identities)
    }

    /// The part of a fact.
    pub(super) fn part(&self, natural_key: &str) -> Option<i64> {
        self.parts.get(natural_key).copied()
    }
}

/// Some of many people.
#[derive(Clone, Debug)]
pub(super) struct People {
    /// Every key of theirs but addresses.
    pub(super) keys: BTreeSet<Key>,
    /// Rows of those who have joined the others.
    pub(super) rows: BTreeSet<i64>,
}

/// By cluster.
pub(super) type Nears = BTreeMap<(Realm, ClusterId), Near>;

/// Reads what these facts touch of long histories, before they are stored.
pub(super) async fn read(
    connection: &mut PgConnection,
    clusters: &Resolved,
    rows: &[(Realm, Incoming<'_>)],
) -> Result<Nears, BatchError> {
    if clusters.pasts.is_empty() {
        return Ok(Nears::new());
    }
    let mut told: BTreeMap<(Realm, ClusterId), Vec<Incoming<'_>>> = BTreeMap::new();
    let mut wanted: BTreeSet<(ClusterId, i64)> = BTreeSet::new();
    for (realm, row) in rows {
        let of_key = |key| clusters.of_key.get(realm)?.get(key).copied();
        let Some(cluster) = row.fact.identities.iter().find_map(of_key) else { continue };
        if let Some(past) = clusters.pasts.get(&cluster) {
            told.entry((*realm, cluster)).or_default().push(*row);
            if past.division() == Division::Payments {
                wanted.insert((cluster, NO_PART));
            }
            let keys = row.fact.identities.iter().filter(|key| !past.shares(key));
            let parts = keys.filter_map(|key| clusters.parts.get(realm)?.get(key));
            wanted.extend(parts.map(|part| (cluster, *part)));
        }
    }
    wanted.extend(open(connection, clusters, told.keys()).await?);
    let mut stored = facts::load_parts(connection, &wanted).await?;
    let mut joined = facts::load_without_part(connection, clusters.joined.keys()).await?;
    let mut nears = Nears::new();
    for (home, told) in told {
        let Some(past) = clusters.pasts.get(&home.1) else { continue };
        let stored = stored.remove(&home).unwrap_or_default();
        let joined = joined.remove(&home).unwrap_or_default();
        let known = clusters.parts.get(&home.0);
        let rows = clusters.joined.get(&home.1).cloned().unwrap_or_default();
        nears.insert(home, Near { rows, ..near(past.clone(), stored, joined, &told, known) });
    }
    Ok(nears)
}

/// The parts of what may be claimed.
async fn open(
    connection: &mut PgConnection,
    clusters: &Resolved,
    homes: impl Iterator<Item = &(Realm, ClusterId)>,
) -> Result<Vec<(ClusterId, i64)>, StoreError> {
    let open = |(realm, cluster): &(Realm, ClusterId)| {
        let keys = clusters.pasts.get(cluster).into_iter().flat_map(Past::open);
        keys.map(|key| (*realm, key)).collect::<Vec<_>>()
    };
    let keys: Vec<(Realm, &Key)> = homes.flat_map(open).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"
        SELECT k.cluster_id AS "cluster_id!", k.part AS "part!"
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, key)
        CROSS JOIN LATERAL (
            SELECT * FROM identity_keys
            WHERE project_id = named.project_id AND livemode = named.livemode AND key = named.key OFFSET 0
        ) k
        WHERE k.part IS NOT NULL
        "#,
        &keys.iter().map(|(realm, _)| realm.project.0).collect::<Vec<_>>(),
        &keys.iter().map(|(realm, _)| realm.mode.is_live()).collect::<Vec<_>>(),
        &keys.iter().map(|(_, key)| key.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (ClusterId(row.cluster_id), row.part)).collect())
}

/// What is read and what is told, put together. What has `joined` was none of this before.
fn near(
    past: Past,
    stored: Vec<(KnownFact, Option<i64>)>,
    joined: Vec<(KnownFact, Option<i64>)>,
    told: &[Incoming<'_>],
    known: Option<&BTreeMap<Key, i64>>,
) -> Near {
    let division = past.division();
    let mut was: BTreeMap<String, i64> = BTreeMap::new();
    let mut before: BTreeMap<String, KnownFact> = BTreeMap::new();
    for (fact, part) in stored {
        was.extend(part.map(|part| (fact.fact.natural_key.clone(), part)));
        before.insert(fact.fact.natural_key.clone(), fact);
    }
    let joined = joined.into_iter().map(|(known, _)| (known.fact.natural_key.clone(), known));
    let joined: BTreeMap<String, KnownFact> = joined.collect();
    let newcomers: BTreeSet<String> = joined.keys().cloned().collect();
    let mut after = before.clone();
    after.extend(joined);
    for incoming in told {
        keep(&mut after, as_stored(*incoming));
    }
    let mut sets = sets(division, before.values().chain(after.values()));
    let mut numbers: BTreeMap<Key, i64> = BTreeMap::new();
    let mut note = |root: Key, part: i64| {
        numbers.entry(root).and_modify(|least| *least = part.min(*least)).or_insert(part);
    };
    for (key, part) in &was {
        if let Some(root) = before.get(key).and_then(|known| root(division, known, &mut sets)) {
            note(root, *part);
        }
    }
    let all: Vec<Key> = sets.sets().into_values().flatten().collect();
    for key in &all {
        if let Some(part) = known.and_then(|known| known.get(key)) {
            note(sets.root(key), *part);
        }
    }
    let number_of = |root: &Key| numbers.get(root).copied().unwrap_or_else(|| number(division, root));
    let mut numbered: BTreeMap<String, i64> = BTreeMap::new();
    for (natural_key, fact) in &after {
        let first = root(division, fact, &mut sets);
        numbered.insert(natural_key.clone(), first.map_or(NO_PART, |root| number_of(&root)));
    }
    let differs = |(key, part): (&String, &i64)| {
        let is_other = was.get(key).is_some_and(|was| was != part) || newcomers.contains(key);
        is_other.then(|| (key.clone(), *part))
    };
    let moved: Vec<(String, i64)> = numbered.iter().filter_map(differs).collect();
    let of_one = addresses(division, after.values(), &mut sets).into_iter();
    let of_one = of_one.filter(|(address, _)| !past.shares(address));
    let mut renamed: Vec<(Key, i64)> = of_one.map(|(address, root)| (address, number_of(&root))).collect();
    let rooted = all.into_iter().map(|key| (sets.root(&key), key));
    renamed.extend(rooted.map(|(root, key)| (key, number_of(&root))));
    if moved.is_empty() {
        let named: BTreeSet<&Key> = told.iter().flat_map(|one| &one.fact.identities).collect();
        let is_known = |key: &Key, part: &i64| known.and_then(|known| known.get(key)) == Some(part);
        renamed.retain(|(key, part)| named.contains(key) && !is_known(key, part));
    }
    Near { past, before, after, rows: BTreeSet::new(), parts: numbered, moved, renamed }
}

/// The keys of each part.
fn sets<'a>(division: Division, facts: impl Iterator<Item = &'a KnownFact>) -> UnionFind {
    let mut sets = UnionFind::default();
    for known in facts {
        sets.join(known.fact.identities.iter().filter(|key| division.joins(key)));
    }
    sets
}

/// The least key of a fact's part; `None` of one that belongs to none.
fn root(division: Division, known: &KnownFact, sets: &mut UnionFind) -> Option<Key> {
    known.fact.identities.iter().find(|key| division.joins(key)).map(|key| sets.root(key))
}

/// The addresses that people name, each with the least key of their parts. One of several people is of no part, whatever is said here
/// ([`Past::shares`]); the guests of one are one person of several.
fn addresses<'a>(
    division: Division,
    facts: impl Iterator<Item = &'a KnownFact>,
    sets: &mut UnionFind,
) -> BTreeMap<Key, Key> {
    if division == Division::Payments {
        return BTreeMap::new();
    }
    let mut roots: BTreeMap<Key, Key> = BTreeMap::new();
    for known in facts {
        let Some(root) = root(division, known, sets) else { continue };
        for address in known.fact.identities.iter().filter(|key| !division.joins(key)) {
            roots
                .entry(address.clone())
                .and_modify(|least| *least = root.clone().min(least.clone()))
                .or_insert_with(|| root.clone());
        }
    }
    roots
}

fn keep(facts: &mut BTreeMap<String, KnownFact>, told: KnownFact) {
    match facts.get_mut(&told.fact.natural_key) {
        Some(standing) => standing.meet(&told),
        None => {
            facts.insert(told.fact.natural_key.clone(), told);
        }
    }
}

/// Brings together the parts that have met.
pub(super) async fn join(connection: &mut PgConnection, nears: &Nears) -> Result<(), StoreError> {
    let moved = nears.iter().flat_map(|((realm, _), near)| near.moved.iter().map(move |one| (*realm, one)));
    let moved: Vec<(Realm, &(String, i64))> = moved.collect();
    let renamed = nears
        .iter()
        .flat_map(|((realm, _), near)| near.renamed.iter().map(move |(key, part)| (*realm, key, *part)));
    let moved: Vec<_> = moved.into_iter().map(|(realm, (key, part))| (realm, key.as_str(), *part)).collect();
    renumber(connection, &moved, &renamed.collect::<Vec<_>>()).await
}

/// A history that was read as a whole and is long.
#[derive(Clone, Copy, Debug)]
pub(super) struct History<'a> {
    pub(super) realm: Realm,
    pub(super) division: Division,
    pub(super) facts: &'a [KnownFact],
    /// The part that each fact had.
    pub(super) was: &'a BTreeMap<String, i64>,
}

/// Numbers every part of histories that were read as a whole and are long.
pub(super) async fn number_all(
    connection: &mut PgConnection,
    histories: &[History<'_>],
) -> Result<(), StoreError> {
    let mut moved = Vec::new();
    let mut renamed = Vec::new();
    for History { realm, division, facts, was } in histories {
        let mut sets = sets(*division, facts.iter());
        for known in *facts {
            let root = root(*division, known, &mut sets);
            let part = root.as_ref().map_or(NO_PART, |root| number(*division, root));
            if was.get(&known.fact.natural_key) != Some(&part) {
                moved.push((*realm, known.fact.natural_key.as_str(), part));
            }
        }
        let of_one = addresses(*division, facts.iter(), &mut sets);
        for (root, keys) in sets.sets() {
            let part = number(*division, &root);
            renamed.extend(keys.into_iter().map(|key| (*realm, key, part)));
        }
        renamed.extend(of_one.into_iter().map(|(address, root)| (*realm, address, number(*division, &root))));
    }
    let renamed: Vec<_> = renamed.iter().map(|(realm, key, part)| (*realm, key, *part)).collect();
    renumber(connection, &moved, &renamed).await
}

async fn renumber(
    connection: &mut PgConnection,
    facts: &[(Realm, &str, i64)],
    keys: &[(Realm, &Key, i64)],
) -> Result<(), StoreError> {
    if facts.is_empty() && keys.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        WITH facts AS (
            UPDATE facts f SET part = new.part
            FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[]) AS new (project_id, livemode, natural_key, part)
            WHERE f.project_id = new.project_id AND f.livemode = new.livemode AND f.natural_key = new.natural_key
              AND f.part IS DISTINCT FROM new.part
        )
        UPDATE identity_keys k SET part = new.part
        FROM UNNEST($5::BIGINT[], $6::BOOLEAN[], $7::TEXT[], $8::BIGINT[]) AS new (project_id, livemode, key, part)
        WHERE k.project_id = new.project_id AND k.livemode = new.livemode AND k.key = new.key
          AND k.part IS DISTINCT FROM new.part
        "#,
        &facts.iter().map(|(realm, ..)| realm.project.0).collect::<Vec<_>>(),
        &facts.iter().map(|(realm, ..)| realm.mode.is_live()).collect::<Vec<_>>(),
        &facts.iter().map(|(_, key, _)| (*key).to_owned()).collect::<Vec<_>>(),
        &facts.iter().map(|(.., part)| *part).collect::<Vec<_>>(),
        &keys.iter().map(|(realm, ..)| realm.project.0).collect::<Vec<_>>(),
        &keys.iter().map(|(realm, ..)| realm.mode.is_live()).collect::<Vec<_>>(),
        &keys.iter().map(|(_, key, _)| key.as_str().to_owned()).collect::<Vec<_>>(),
        &keys.iter().map(|(.., part)| *part).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps what histories come to now; `None` of one that has to be read as a whole.
pub(super) async fn keep_pasts(
    connection: &mut PgConnection,
    pasts: &[(ClusterId, Option<&Past>)],
) -> Result<(), StoreError> {
    if pasts.is_empty() {
        return Ok(());
    }
    let text = |past: &Past| serde_json::to_string(past).map_err(crate::decode);
    let texts: Vec<Option<String>> =
        pasts.iter().map(|(_, past)| past.map(text).transpose()).collect::<Result<_, _>>()?;
    sqlx::query!(
        "UPDATE clusters c SET past = new.past
         FROM UNNEST($1::BIGINT[], $2::TEXT[]) AS new (id, past) WHERE c.id = new.id",
        &pasts.iter().map(|(cluster, _)| cluster.0).collect::<Vec<_>>(),
        &texts as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Facts of a cluster with the part of each.
pub(super) type Numbered = BTreeMap<(Realm, ClusterId), BTreeMap<String, i64>>;

/// The same facts without their parts.
pub(super) fn split(rows: Rows) -> (Kept, Numbered) {
    let (mut kept, mut numbered) = (Kept::new(), Numbered::new());
    for (home, rows) in rows {
        let parts: &mut BTreeMap<String, i64> = numbered.entry(home).or_default();
        let facts: &mut Vec<KnownFact> = kept.entry(home).or_default();
        for (known, part) in rows {
            parts.extend(part.map(|part| (known.fact.natural_key.clone(), part)));
            facts.push(known);
        }
    }
    (kept, numbered)
}
