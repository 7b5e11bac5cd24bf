//! Facts that come one event after the other, each settled with as little of the past as will do, beside all of them folded.

use super::registry;
use crate::oracle::model::History;
use crate::oracle::render::Numbers;
use domain::directory::Directory;
use domain::key::{Key, KeyKind};
use domain::rules::RuleVersion;
use domain::settle::{
    Conversion, Customer, Division, KnownFact, Past, Settlement, Touched, settle, settle_all,
};
use domain::union_find::UnionFind;
use std::collections::{BTreeMap, BTreeSet};

/// How often which way was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// From what was kept of one customer's past.
    pub short: usize,
    /// From what was kept of many people's.
    pub crowd: usize,
    /// From all facts, though something was kept.
    pub declined: usize,
    /// From all facts, of which nothing was kept.
    pub whole: usize,
}

/// What is stored, as a store would: by the cluster's least key.
#[derive(Default)]
struct Stored {
    facts: BTreeMap<String, KnownFact>,
    clusters: BTreeMap<Key, Cluster>,
}

#[derive(Clone, Default)]
struct Cluster {
    /// Their natural keys.
    facts: BTreeSet<String>,
    conversions: BTreeMap<Key, Conversion>,
    customers: Vec<Customer>,
    past: Option<Past>,
    /// Those that were of other clusters when the past was written.
    joined: BTreeSet<String>,
}

/// What follows from the past: the state of what was read, and every key of that but addresses.
struct Short {
    settlement: Settlement,
    past: Past,
    names: BTreeSet<Key>,
}

struct World {
    rules: Vec<RuleVersion>,
    directory: Directory,
}

/// Settles the events one after the other; tells where what is stored then differs from what all facts come to.
///
/// # Errors
/// The first difference.
///
/// # Panics
/// When facts cannot be folded.
pub fn grow(history: &History, events: &[Vec<KnownFact>]) -> Result<Ways, String> {
    let numbers = Numbers::plain(history);
    let world = World {
        rules: registry::versions(&history.world, &numbers),
        directory: registry::directory(&history.world, &numbers),
    };
    let (mut stored, mut ways) = (Stored::default(), Ways::default());
    for (number, event) in events.iter().enumerate() {
        stored
            .settle(event, &world, &mut ways)
            .map_err(|difference| format!("event {number}: {difference}"))?;
    }
    Ok(ways)
}

impl Stored {
    fn settle(&mut self, event: &[KnownFact], world: &World, ways: &mut Ways) -> Result<(), String> {
        let before = self.facts.clone();
        for known in event {
            keep(&mut self.facts, known);
        }
        let mut sets = UnionFind::default();
        for known in self.facts.values().chain(before.values()) {
            sets.join(&known.fact.identities);
        }
        let touched: BTreeSet<Key> =
            event.iter().filter_map(|known| Some(sets.root(known.fact.identities.first()?))).collect();
        for root in touched {
            let met: Vec<Key> = self.clusters.keys().filter(|key| sets.root(key) == root).cloned().collect();
            let mut one = match met.as_slice() {
                [only] => self.clusters.remove(only).unwrap_or_default(),
                several => {
                    Cluster::merged(several.iter().filter_map(|key| self.clusters.remove(key)).collect())
                }
            };
            let told = event.iter().filter(|known| {
                known.fact.identities.first().map(|key| sets.root(key)) == Some(root.clone())
            });
            let told: Vec<&KnownFact> = told.collect();
            one.facts.extend(told.iter().map(|known| known.fact.natural_key.clone()));
            one.settle(&before, &self.facts, &told, world, ways)?;
            self.clusters.insert(root, one);
        }
        Ok(())
    }
}

impl Cluster {
    /// Of a long history that others have joined, the past is kept.
    fn merged(met: Vec<Self>) -> Self {
        let is_kept = met.iter().filter(|one| one.past.is_some()).count() == 1;
        let mut sum = Self::default();
        for one in met {
            if is_kept && one.past.is_none() {
                sum.joined.extend(one.facts.iter().cloned());
            }
            sum.facts.extend(one.facts);
            sum.conversions.extend(one.conversions);
            sum.customers.extend(one.customers);
            sum.past = sum.past.or(one.past).filter(|_| is_kept);
        }
        sum
    }

    fn settle(
        &mut self,
        before: &BTreeMap<String, KnownFact>,
        after: &BTreeMap<String, KnownFact>,
        told: &[&KnownFact],
        world: &World,
        ways: &mut Ways,
    ) -> Result<(), String> {
        let all: Vec<KnownFact> = self.facts.iter().filter_map(|key| after.get(key)).cloned().collect();
        let expected = settle(&all, &world.rules, &world.directory).map_err(|error| error.to_string())?;
        let short = self.past.as_ref().map(|past| self.next(past, before, after, told, world)).transpose()?;
        if let Some(short) = short.flatten() {
            match short.past.division() {
                Division::Payments => ways.short += 1,
                Division::People => ways.crowd += 1,
            }
            self.take(short)?;
        } else {
            if self.past.is_some() {
                ways.declined += 1;
            } else {
                ways.whole += 1;
            }
            let (settlement, past) =
                settle_all(&all, &world.rules, &world.directory, 1).map_err(|error| error.to_string())?;
            self.past = past;
            let conversions = settlement.conversions.into_iter();
            self.conversions = conversions.map(|one| (one.payment.clone(), one)).collect();
            self.customers = settlement.customers;
        }
        self.joined.clear();
        self.compare(&expected)
    }

    /// From the past, with the facts that a store reads for it.
    fn next(
        &self,
        past: &Past,
        before: &BTreeMap<String, KnownFact>,
        after: &BTreeMap<String, KnownFact>,
        told: &[&KnownFact],
        world: &World,
    ) -> Result<Option<Short>, String> {
        let division = past.division();
        let is_of_a_part = |key: &&Key| division.joins(key);
        let mut sets = UnionFind::default();
        let versions = || self.facts.iter().flat_map(|key| [before.get(key), after.get(key)]).flatten();
        for known in versions() {
            sets.join(known.fact.identities.iter().filter(is_of_a_part));
        }
        let named: Vec<&Key> = told.iter().flat_map(|known| &known.fact.identities).collect();
        let mut touched: BTreeSet<Key> =
            named.iter().copied().filter(is_of_a_part).chain(past.open()).map(|key| sets.root(key)).collect();
        // An address that was one person's leads to them.
        let addresses = named.into_iter().filter(|key| !is_of_a_part(key) && !past.shares(key));
        let addresses: BTreeSet<&Key> = addresses.filter(|_| division == Division::People).collect();
        for known in self.facts.iter().filter_map(|key| before.get(key)) {
            if known.fact.identities.iter().any(|key| addresses.contains(key)) {
                touched.extend(known.fact.identities.iter().find(is_of_a_part).map(|key| sets.root(key)));
            }
        }
        let joined = self.joined.iter().flat_map(|key| [before.get(key), after.get(key)]).flatten();
        touched.extend(
            joined.filter_map(|known| Some(sets.root(known.fact.identities.iter().find(is_of_a_part)?))),
        );
        let told: BTreeSet<&String> =
            told.iter().map(|known| &known.fact.natural_key).chain(&self.joined).collect();
        let mut read: BTreeSet<&String> = BTreeSet::new();
        for key in &self.facts {
            for known in [before.get(key), after.get(key)].into_iter().flatten() {
                let is_read = match known.fact.identities.iter().find(is_of_a_part) {
                    Some(of) => touched.contains(&sets.root(of)),
                    None => division == Division::Payments || told.contains(key),
                };
                if is_read {
                    read.insert(key);
                }
            }
        }
        let pick = |facts: &BTreeMap<String, KnownFact>| -> Vec<KnownFact> {
            read.iter().filter_map(|key| facts.get(*key)).cloned().collect()
        };
        let (mut before, after) = (pick(before), pick(after));
        before.retain(|known| !self.joined.contains(&known.fact.natural_key));
        let ordinals = self.conversions.values().filter_map(|one| Some((one.payment.clone(), one.ordinal?)));
        let ordinals: BTreeMap<Key, u32> = ordinals.collect();
        let read_keys = before.iter().chain(&after).flat_map(|known| &known.fact.identities);
        let read_keys = read_keys.filter(|key| key.kind() != KeyKind::Email).cloned().collect();
        let touched = Touched { before: &before, after: &after, ordinals: &ordinals };
        let next = past.next(touched, &world.rules, &world.directory).map_err(|error| error.to_string())?;
        Ok(next.map(|(settlement, past)| Short { settlement, past, names: read_keys }))
    }

    /// What was read is as it was told, or is no more; the rest stays.
    fn take(&mut self, short: Short) -> Result<(), String> {
        let Short { settlement, past, names } = short;
        self.conversions.retain(|payment, _| !names.contains(payment));
        self.conversions.extend(settlement.conversions.into_iter().map(|one| (one.payment.clone(), one)));
        if past.division() == Division::Payments {
            if settlement.customers.len() != 1 {
                return Err("the past tells of no customer".to_owned());
            }
            self.customers.clear();
        }
        self.customers.retain(|one| !names.contains(&one.anchor));
        self.customers.extend(settlement.customers);
        self.customers.sort_by(|a, b| a.anchor.cmp(&b.anchor));
        self.past = Some(past);
        Ok(())
    }

    fn compare(&self, expected: &Settlement) -> Result<(), String> {
        let stored: Vec<&Conversion> = self.conversions.values().collect();
        let wanted: Vec<&Conversion> = expected.conversions.iter().collect();
        if stored != wanted {
            return Err(format!("stored\n{stored:#?}\nis not\n{wanted:#?}"));
        }
        let nameless = |customers: &[Customer]| -> Vec<Customer> {
            customers.iter().map(|customer| Customer { keys: Vec::new(), ..customer.clone() }).collect()
        };
        let (stored, wanted) = (nameless(&self.customers), nameless(&expected.customers));
        if stored != wanted {
            return Err(format!("stored\n{stored:#?}\nis not\n{wanted:#?}"));
        }
        Ok(())
    }
}

fn keep(facts: &mut BTreeMap<String, KnownFact>, known: &KnownFact) {
    match facts.get_mut(&known.fact.natural_key) {
        Some(standing) => standing.meet(known),
        None => {
            facts.insert(known.fact.natural_key.clone(), known.clone());
        }
    }
}
