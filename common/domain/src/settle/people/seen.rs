//! What facts tell of the one person whom they all concern: a sum that only grows while facts are added, so that it
//! stands for those that are not read again.

use super::addresses::{carried, dated, emails};
use super::described::address;
use super::{KnownFact, People, Person, anchor_rank, is_strong, named_together, names_a_customer};
use crate::fact::{AddressEvidence, FactBody};
use crate::key::{Key, KeyKind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The sum over some facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::settle) struct Seen {
    /// Every key that is neither an address nor of a payment.
    names: BTreeSet<Key>,
    emails: BTreeMap<Key, Sighted>,
    /// The best word on the address: what says most, then what was written last.
    written: Option<(Reverse<AddressEvidence>, DateTime<Utc>, String, String)>,
    stripe_customer: Option<(DateTime<Utc>, String, Key)>,
    user: Option<(DateTime<Utc>, String, Key)>,
    first_seen_at: Option<DateTime<Utc>>,
}

/// What is known of one address: the best that it says, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sighted {
    evidence: AddressEvidence,
    since: DateTime<Utc>,
}

impl Seen {
    /// Of these facts. Those about the addresses of a customer are among them, or none of that customer's is.
    pub(in crate::settle) fn of<'a>(facts: impl Iterator<Item = &'a KnownFact> + Clone) -> Self {
        let dated = dated(facts.clone());
        let mut seen = Self::default();
        for known in facts {
            let KnownFact { fact, first_at, .. } = known;
            seen.first_seen_at = earliest(seen.first_seen_at, known.seen_at());
            if let Some((evidence, at, event, email)) = address(fact) {
                seen.written = seen.written.max(Some((evidence, at, event.to_owned(), email.to_owned())));
            }
            for key in &fact.identities {
                let first = match key.kind() {
                    KeyKind::StripeCustomer => &mut seen.stripe_customer,
                    KeyKind::User => &mut seen.user,
                    _ => continue,
                };
                *first = earliest(first.take(), Some((*first_at, fact.event.clone(), key.clone())));
            }
            let names = fact.identities.iter().filter(|key| is_strong(key) && !key.names_a_payment());
            seen.names.extend(names.cloned());
            if !fact.identities.iter().any(is_strong) {
                continue;
            }
            for (email, evidence) in emails(fact) {
                let is_dated = |customer| dated.contains(&(customer, email.clone()));
                if matches!(&fact.body, FactBody::Customer(body) if is_dated(&body.customer)) {
                    continue;
                }
                seen.sight(email, Sighted { evidence, since: *first_at });
            }
        }
        seen
    }

    /// The sum of both.
    pub(in crate::settle) fn join(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.names.extend(other.names.iter().cloned());
        for (email, sighted) in &other.emails {
            sum.sight(email.clone(), *sighted);
        }
        sum.written = sum.written.max(other.written.clone());
        sum.stripe_customer = earliest(sum.stripe_customer, other.stripe_customer.clone());
        sum.user = earliest(sum.user, other.user.clone());
        sum.first_seen_at = earliest(sum.first_seen_at, other.first_seen_at);
        sum
    }

    /// Whether the other adds nothing.
    pub(in crate::settle) fn covers(&self, other: &Self) -> bool {
        self.join(other) == *self
    }

    /// How much there is of it: keys and addresses.
    pub(in crate::settle) fn len(&self) -> usize {
        self.names.len().saturating_add(self.emails.len())
    }

    fn sight(&mut self, email: Key, sighted: Sighted) {
        let known = self.emails.entry(email).or_insert(sighted);
        known.evidence = known.evidence.min(sighted.evidence);
        known.since = known.since.min(sighted.since);
    }

    /// The addresses that count: the payer's only where there is no other.
    fn counting(&self) -> BTreeMap<Key, DateTime<Utc>> {
        let best = self.emails.values().map(|sighted| sighted.evidence).min();
        let counts = |sighted: &Sighted| {
            sighted.evidence < AddressEvidence::Payer || best == Some(AddressEvidence::Payer)
        };
        let counting = self.emails.iter().filter(|(_, sighted)| counts(sighted));
        counting.map(|(email, sighted)| (email.clone(), sighted.since)).collect()
    }
}

/// The one address of facts that all concern guests, each of whom it says most of: they are one person (SEMANTICS 18). `None` of any
/// others.
pub(in crate::settle) fn guests(facts: &[KnownFact]) -> Option<Key> {
    let mut sets = named_together(facts);
    let (carried, alone) = carried(facts, &mut sets);
    let mut addresses = alone;
    for (root, keys) in sets.sets() {
        // What else they are named by may be somebody's whom nothing here tells of.
        if !keys.iter().all(Key::names_a_payment) {
            return None;
        }
        addresses.insert(carried.get(&root)?.best_but_the_payers()?.clone());
    }
    let mut addresses = addresses.into_iter();
    addresses.next().filter(|_| addresses.next().is_none())
}

/// The person whom these facts concern, and `past` as well, who may be the guests of an address; `None` where they concern several. The keys
/// of the payments that only `past` knows are not among the person's.
pub(in crate::settle) fn one(past: &Seen, facts: &[KnownFact], guest: Option<&Key>) -> Option<People> {
    let seen = past.join(&Seen::of(facts.iter()));
    let mut sets = named_together(facts);
    // What payments that are not read have brought together; new names have to be by these facts.
    sets.join(&past.names);
    let mut sets: Vec<Vec<Key>> = sets.sets().into_values().collect();
    let strong = match guest {
        // Guests are brought together by their address.
        Some(address) if past.names.is_empty() => {
            if !facts.is_empty() && guests(facts).as_ref() != Some(address) {
                return None;
            }
            sets.into_iter().flatten().collect()
        }
        Some(_) => return None,
        None => sets.pop().filter(|strong| sets.is_empty() && strong.iter().any(names_a_customer))?,
    };
    let addresses = seen.counting();
    let keys: BTreeSet<Key> = strong.iter().chain(addresses.keys()).cloned().collect();
    if !facts.iter().flat_map(|known| &known.fact.identities).all(|key| keys.contains(key)) {
        return None;
    }
    let anchor = keys.iter().min_by_key(|key| (anchor_rank(key.kind()), *key))?.clone();
    let named = |first: Option<(DateTime<Utc>, String, Key)>, kind| {
        first.map(|(_, _, key)| key).or_else(|| keys.iter().find(|key| key.kind() == kind).cloned())
    };
    let converted = facts.iter().filter_map(|known| match &known.fact.body {
        FactBody::Referral(referral) if referral.converted => Some(referral.occurred_at),
        _ => None,
    });
    let person = Person {
        anchor: anchor.clone(),
        addresses,
        email: seen.written.map(|(.., email)| email.trim().to_owned()),
        stripe_customer: named(seen.stripe_customer, KeyKind::StripeCustomer),
        user: named(seen.user, KeyKind::User),
        first_seen_at: seen.first_seen_at,
        converted_at: converted.min(),
        keys,
    };
    let alone = facts.iter().filter(|known| !known.fact.identities.iter().any(is_strong));
    let by_email_alone =
        alone.flat_map(|known| &known.fact.identities).map(|key| (key.clone(), anchor.clone()));
    Some(People {
        anchors: strong.into_iter().map(|key| (key, anchor.clone())).collect(),
        by_email_alone: by_email_alone.collect(),
        by_anchor: [(anchor.clone(), person)].into(),
    })
}

fn earliest<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}
