//! The addresses that the facts of one person carry.

use super::{KnownFact, is_strong};
use crate::fact::{AddressEvidence, Fact, FactBody};
use crate::key::Key;
use crate::union_find::UnionFind;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The addresses of one set of keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried<'a> {
    by_email: BTreeMap<Key, Sighting<'a>>,
}

/// What is known of one address: the best that it says, and the first that said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sighting<'a> {
    pub(super) evidence: AddressEvidence,
    pub(super) since: DateTime<Utc>,
    event: &'a str,
}

impl Carried<'_> {
    /// The address by which a guest is known: the one that says most, of several the first.
    pub(super) fn best(&self) -> Option<&Key> {
        self.by_email.iter().min_by_key(|(email, sighting)| (**sighting, *email)).map(|(email, _)| email)
    }

    /// The same, unless it is a payer's alone: then others may count as well.
    pub(super) fn best_but_the_payers(&self) -> Option<&Key> {
        let best = self.by_email.iter().min_by_key(|(email, sighting)| (**sighting, *email))?;
        (best.1.evidence < AddressEvidence::Payer).then_some(best.0)
    }

    /// The addresses that count, each with the time from which it is known: the payer's only where
    /// there is no other.
    pub(super) fn counting(&self) -> impl Iterator<Item = (&Key, DateTime<Utc>)> {
        let best = self.by_email.values().map(|sighting| sighting.evidence).min();
        let counts = move |sighting: &Sighting<'_>| {
            sighting.evidence < AddressEvidence::Payer || best == Some(AddressEvidence::Payer)
        };
        self.by_email
            .iter()
            .filter(move |(_, sighting)| counts(sighting))
            .map(|(email, sighting)| (email, sighting.since))
    }
}

/// The addresses of each set of keys, by its root, and the addresses that stand alone.
pub(super) fn carried<'a>(
    facts: &'a [KnownFact],
    sets: &mut UnionFind,
) -> (BTreeMap<Key, Carried<'a>>, BTreeSet<Key>) {
    let dated = dated(facts.iter());
    let mut carried: BTreeMap<Key, Carried<'a>> = BTreeMap::new();
    let mut alone = BTreeSet::new();
    for KnownFact { fact, first_at, .. } in facts {
        let Some(strong) = fact.identities.iter().find(|key| is_strong(key)) else {
            alone.extend(fact.identities.iter().cloned());
            continue;
        };
        let root = sets.root(strong);
        for (email, evidence) in emails(fact) {
            if let FactBody::Customer(customer) = &fact.body
                && dated.contains(&(&customer.customer, email.clone()))
            {
                continue;
            }
            let sighting = Sighting { evidence, since: *first_at, event: &fact.event };
            carried
                .entry(root.clone())
                .or_default()
                .by_email
                .entry(email)
                .and_modify(|known| known.meet(sighting))
                .or_insert(sighting);
        }
    }
    (carried, alone)
}

impl<'a> Sighting<'a> {
    fn meet(&mut self, other: Sighting<'a>) {
        self.evidence = self.evidence.min(other.evidence);
        (self.since, self.event) = (self.since, self.event).min((other.since, other.event));
    }
}

/// The addresses of a fact, with what each says. One that the body does not carry was named by a person.
pub(in crate::settle) fn emails(fact: &Fact) -> Vec<(Key, AddressEvidence)> {
    let told = fact.body.addresses();
    let told = told.iter().filter_map(|one| Some((Key::email(one.email)?, one.evidence)));
    let mut emails: Vec<(Key, AddressEvidence)> = told.collect();
    for key in fact.identities.iter().filter(|key| !is_strong(key)) {
        if !emails.iter().any(|(email, _)| email == key) {
            emails.push((key.clone(), AddressEvidence::Buyer));
        }
    }
    emails
}

/// The addresses of Stripe customers of which a fact of their own says since when.
pub(super) fn dated<'a>(facts: impl Iterator<Item = &'a KnownFact>) -> BTreeSet<(&'a Key, Key)> {
    let dated = facts.filter_map(|known| {
        let FactBody::Address(address) = &known.fact.body else { return None };
        Some((&address.customer, Key::email(&address.email)?))
    });
    dated.collect()
}
