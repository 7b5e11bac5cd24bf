//! What a fold needs, loaded for all clusters at once, and what comes out of it.

use super::facts::{self, Kept, Rows};
use super::parts::{self, History, Nears, Numbered, People};
use super::terms::{Payments, Terms};
use super::{BatchError, versions};
use crate::notifications::Referrers;
use crate::{PgConnection, StoreError, realm};
use domain::directory::Mentions;
use domain::ids::{ClusterId, ProjectId, Realm};
use domain::key::Key;
use domain::rules::RuleVersion;
use domain::settle::{KnownFact, LONG, Past, SettleError, Settlement, Touched, settle_all};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of some clusters before anything is loaded.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Of new ones, all that there is.
    pub(super) kept: Kept,
    /// Of long ones, what is touched.
    pub(super) nears: Nears,
}

/// Facts, rules and the registry for some locked clusters.
pub(super) struct Work {
    facts: Kept,
    numbered: Numbered,
    fresh: BTreeSet<ClusterId>,
    terms: Terms,
}

/// The state that a cluster's facts imply.
pub(super) struct Folded {
    pub(super) realm: Realm,
    pub(super) cluster: ClusterId,
    pub(super) settlement: Settlement,
    /// Whether this transaction made the cluster: no row of its is stored yet, but for what the API made.
    pub(super) is_new: bool,
    /// Whether every key of the cluster is that of its one customer.
    pub(super) is_of_one: bool,
    /// The keys of the payments that were folded, where others of the cluster were not, which stay as they are.
    pub(super) payments: Option<BTreeSet<Key>>,
    /// The same of people, where it has many.
    pub(super) people: Option<People>,
    /// The addresses of those people that others have as well.
    pub(super) shared: BTreeSet<Key>,
    /// What a long history comes to now.
    past: Option<Past>,
    /// Whether its facts have been numbered.
    was_long: bool,
    /// Its facts with the parts they had, where all of them were read.
    history: Option<(Vec<KnownFact>, BTreeMap<String, i64>)>,
}

/// Clusters that were folded.
#[derive(Default)]
pub(super) struct Folds {
    pub(super) clusters: Vec<Folded>,
    /// Whom they mention.
    pub(super) referrers: Referrers,
}

/// Locked clusters that are folded one part after another, each as large as fits into memory: mostly there is one.
pub(super) struct Parts {
    stored: Vec<BTreeSet<ClusterId>>,
    /// Of new ones, all that there is; folded with the first part.
    kept: Kept,
}

impl Parts {
    pub(super) fn of(clusters: &BTreeSet<ClusterId>, kept: Kept) -> Self {
        let fresh: BTreeSet<ClusterId> = kept.keys().map(|(_, cluster)| *cluster).collect();
        if clusters.is_empty() {
            return Self { stored: Vec::new(), kept };
        }
        Self { stored: vec![clusters.difference(&fresh).copied().collect()], kept }
    }

    /// The next part and what its fold needs; nothing when there is no more.
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<Option<(BTreeSet<ClusterId>, Work)>, BatchError> {
        while let Some(mut part) = self.stored.pop() {
            if let Some(rows) = facts::load(connection, &part).await? {
                let work = load(connection, &part, rows, std::mem::take(&mut self.kept)).await?;
                return Ok(Some((part, work)));
            }
            if let Some(middle) = part.iter().nth(part.len() / 2).copied() {
                self.stored.push(part.split_off(&middle));
            }
            self.stored.push(part);
        }
        Ok(None)
    }
}

/// Those of which what is known of the past is enough.
pub(super) async fn fold_nears(connection: &mut PgConnection, nears: Nears) -> Result<Folds, BatchError> {
    if nears.is_empty() {
        return Ok(Folds::default());
    }
    let mut mentions: BTreeMap<Realm, Mentions> = BTreeMap::new();
    let mut named: Vec<(Realm, Key)> = Vec::new();
    for ((realm, _), near) in &nears {
        let mentions = mentions.entry(*realm).or_default();
        near.facts().for_each(|known| mentions.add(&known.fact));
        mentions.affiliates.extend(near.past.affiliates());
        named.extend(near.payments().into_iter().map(|key| (*realm, key)));
    }
    let ordinals = ordinals(connection, &named).await?;
    let terms = Terms::load(connection, &mentions, Payments::Named(&named)).await?;
    let mut folds = Folds::default();
    for ((realm, cluster), near) in nears {
        let payments = near.payments();
        let of_realm = ordinals.get(&realm);
        let ordinals = payments.iter().filter_map(|key| Some((key.clone(), *of_realm?.get(key)?))).collect();
        let (before, after) = (near.before(), near.after());
        let touched = Touched { before: &before, after: &after, ordinals: &ordinals };
        let (rules, directory) = terms.of(realm);
        if let Some((settlement, past)) = near.past.next(touched, rules, directory)? {
            let people = near.people();
            let (is_new, is_of_one) = (false, people.is_none());
            let of_others = settlement.customers.iter().flat_map(|customer| &customer.keys);
            let shared = of_others.filter(|key| near.past.shares(key)).cloned().collect();
            let (past, payments) = (Some(past), Some(payments));
            let was_long = true;
            folds.clusters.push(Folded {
                realm,
                cluster,
                settlement,
                is_new,
                is_of_one,
                payments,
                people,
                shared,
                past,
                was_long,
                history: None,
            });
        }
    }
    folds.referrers.extend(terms.into_referrers());
    Ok(folds)
}

/// The ranks of payments, as they are stored.
async fn ordinals(
    connection: &mut PgConnection,
    payments: &[(Realm, Key)],
) -> Result<BTreeMap<Realm, BTreeMap<Key, u32>>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT c.project_id AS "project_id!", c.livemode AS "livemode!", c.payment_key AS "payment_key!",
               c.ordinal AS "ordinal!"
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS k (project_id, livemode, payment_key)
        CROSS JOIN LATERAL (
            SELECT project_id, livemode, payment_key, ordinal FROM conversions
            WHERE payment_key = k.payment_key AND merged_into IS NULL OFFSET 0
        ) c
        WHERE c.project_id = k.project_id AND c.livemode = k.livemode AND c.ordinal IS NOT NULL
        "#,
        &payments.iter().map(|(realm, _)| realm.project.0).collect::<Vec<_>>(),
        &payments.iter().map(|(realm, _)| realm.mode.is_live()).collect::<Vec<_>>(),
        &payments.iter().map(|(_, key)| key.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let mut ordinals: BTreeMap<Realm, BTreeMap<Key, u32>> = BTreeMap::new();
    for row in rows {
        if let Ok(ordinal) = u32::try_from(row.ordinal) {
            let of_realm = ordinals.entry(realm(row.project_id, row.livemode)).or_default();
            of_realm.insert(Key::stored(row.payment_key), ordinal);
        }
    }
    Ok(ordinals)
}

/// Loads everything besides the facts, in a fixed number of statements.
async fn load(
    connection: &mut PgConnection,
    stored: &BTreeSet<ClusterId>,
    rows: Rows,
    kept: Kept,
) -> Result<Work, BatchError> {
    let fresh: BTreeSet<ClusterId> = kept.keys().map(|(_, cluster)| *cluster).collect();
    let (mut facts, numbered) = parts::split(rows);
    versions::add(connection, &mut facts).await?;
    facts.extend(kept);
    let mut mentions: BTreeMap<Realm, Mentions> = BTreeMap::new();
    for ((realm, _), facts) in &facts {
        let mentions = mentions.entry(*realm).or_default();
        for known in facts {
            mentions.add(&known.fact);
        }
    }
    let terms = Terms::load(connection, &mentions, Payments::Of(stored)).await?;
    Ok(Work { facts, numbered, fresh, terms })
}

impl Work {
    /// Folds these clusters also when no fact tells of them.
    pub(super) fn include(&mut self, realm: Realm, clusters: &BTreeSet<ClusterId>) {
        for cluster in clusters {
            self.facts.entry((realm, *cluster)).or_default();
        }
    }

    /// The same under other rules.
    pub(super) fn under(self, rules: BTreeMap<ProjectId, Vec<RuleVersion>>) -> Self {
        Self { terms: self.terms.under(rules), ..self }
    }

    /// Folds every cluster, and adds what it comes to.
    pub(super) fn fold_into(self, folds: &mut Folds) -> Result<(), SettleError> {
        let Self { facts, mut numbered, fresh, terms } = self;
        let fold = |((realm, cluster), facts): ((Realm, ClusterId), Vec<KnownFact>)| {
            let (rules, directory) = terms.of(realm);
            let (settlement, past) = settle_all(&facts, rules, directory, LONG)?;
            let (is_new, is_of_one) = (fresh.contains(&cluster), is_of_one(&settlement, &facts));
            let parts = numbered.remove(&(realm, cluster)).unwrap_or_default();
            let was_long = !parts.is_empty();
            let history = past.is_some().then_some((facts, parts));
            let (payments, people, shared) = (None, None, BTreeSet::new());
            Ok(Folded {
                realm,
                cluster,
                settlement,
                is_new,
                is_of_one,
                payments,
                people,
                shared,
                past,
                was_long,
                history,
            })
        };
        let folded: Vec<Folded> = facts.into_iter().map(fold).collect::<Result<_, _>>()?;
        folds.clusters.extend(folded);
        folds.referrers.extend(terms.into_referrers());
        Ok(())
    }
}

/// Keeps what long histories come to, so that the next event need not read them.
pub(super) async fn keep(connection: &mut PgConnection, folded: &[Folded]) -> Result<(), StoreError> {
    let whole = folded.iter().filter_map(|one| {
        let ((facts, was), past) = (one.history.as_ref()?, one.past.as_ref()?);
        Some(History { realm: one.realm, division: past.division(), facts, was })
    });
    parts::number_all(connection, &whole.collect::<Vec<_>>()).await?;
    let long = folded.iter().filter(|one| one.past.is_some() || one.was_long);
    let pasts: Vec<_> = long.map(|one| (one.cluster, one.past.as_ref())).collect();
    parts::keep_pasts(connection, &pasts).await
}

/// Whether there is one customer, and no fact names a key that is not theirs.
fn is_of_one(settlement: &Settlement, facts: &[KnownFact]) -> bool {
    let [customer] = settlement.customers.as_slice() else { return false };
    // In order.
    let is_theirs = |key| customer.keys.binary_search(key).is_ok();
    facts.iter().flat_map(|known| &known.fact.identities).all(is_theirs)
}
