//! Who is one customer.
//!
//! Facts that share a Stripe customer, a user id, a subscription or a payment speak of one person. An
//! e-mail address is weaker: a guest, of whom nothing else is known, is the person of the buyer's address,
//! and whether that is somebody who is better known is told by the time of the guest's first purchase
//! ([`homes`]): nothing that appears later parts or joins them, so that a sign-up moves no amount
//! (SEMANTICS 18).

mod addresses;
mod described;
mod homes;
mod seen;

use super::KnownFact;
use crate::clock::not_after;
use crate::directory::Directory;
use crate::fact::{Fact, FactBody, TouchMethod};
use crate::key::{Key, KeyKind};
use crate::union_find::UnionFind;
use addresses::Carried;
pub(super) use addresses::emails;
use chrono::{DateTime, Utc};
use homes::Homes;
pub(super) use seen::{Seen, guests, one};
use std::collections::{BTreeMap, BTreeSet};

/// A person as the facts know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The key that names the person.
    pub(super) anchor: Key,
    /// Every key of theirs, the addresses' included.
    pub(super) keys: BTreeSet<Key>,
    /// Since when each address is known to be theirs.
    pub(super) addresses: BTreeMap<Key, DateTime<Utc>>,
    /// The address, as it was last written.
    pub(super) email: Option<String>,
    /// The Stripe customer; the first that was told of, where there are several.
    pub(super) stripe_customer: Option<Key>,
    /// The company's own id; the first that was told of, where there are several.
    pub(super) user: Option<Key>,
    /// Event time of the first event that told of the person; `None` when all there is waits for a
    /// payment.
    pub(super) first_seen_at: Option<DateTime<Utc>>,
    /// When the API was first told that the person has paid.
    pub(super) converted_at: Option<DateTime<Utc>>,
}

impl Person {
    pub(super) fn stripe_customers(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(|key| key.kind() == KeyKind::StripeCustomer)
    }

    /// Their addresses, each from when it is known to be theirs.
    pub(super) fn known_addresses(&self) -> impl Iterator<Item = (&Key, DateTime<Utc>)> {
        self.addresses.keys().filter_map(|email| Some((email, self.since(email)?)))
    }

    /// From when an address is this person's; one that is known from their first sight on always was.
    fn since(&self, email: &Key) -> Option<DateTime<Utc>> {
        let since = *self.addresses.get(email)?;
        let always = self.first_seen_at.is_none_or(|first| not_after(since, first));
        Some(if always { DateTime::<Utc>::MIN_UTC } else { since })
    }
}

/// All people of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct People {
    /// By anchor.
    pub(super) by_anchor: BTreeMap<Key, Person>,
    /// The anchor of the person whom a key other than an address names.
    anchors: BTreeMap<Key, Key>,
    /// The anchor of the person whom facts with nothing but this address concern.
    by_email_alone: BTreeMap<Key, Key>,
}

impl People {
    /// The anchor of the person whom a fact concerns.
    pub(super) fn of(&self, fact: &Fact) -> Option<&Key> {
        self.of_keys(&fact.identities)
    }

    /// The anchor of the person whom these keys name.
    pub(super) fn of_keys<'a>(&self, keys: impl IntoIterator<Item = &'a Key> + Clone) -> Option<&Key> {
        keys.clone()
            .into_iter()
            .find_map(|key| self.anchors.get(key))
            .or_else(|| keys.into_iter().find_map(|key| self.by_email_alone.get(key)))
    }
}

/// Groups the facts' keys into people.
pub(super) fn people(facts: &[KnownFact], directory: &Directory) -> People {
    let mut sets = named_together(facts);
    join_signed_up(facts, directory, &mut sets);
    let (carried, alone) = addresses::carried(facts, &mut sets);
    let (known, guests): (BTreeMap<_, _>, BTreeMap<_, _>) =
        sets.sets().into_iter().partition(|(_, keys)| keys.iter().any(names_a_customer));
    let homes = Homes::new(facts, &mut sets, &carried, &known, &guests);

    let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
    for (root, keys) in known {
        groups.entry(root.clone()).or_default().add(keys, carried.get(&root));
    }
    for (root, keys) in guests {
        groups.entry(homes.of_guest(&root)).or_default().add(keys, carried.get(&root));
    }
    let mut by_email_alone = BTreeMap::new();
    for email in alone {
        let home = homes.of_address(&email);
        groups.entry(home.clone()).or_default().keys.insert(email.clone());
        by_email_alone.insert(email, home);
    }
    let mut people = name(groups, &by_email_alone);
    described::describe(facts, &mut people);
    people
}

/// The keys that facts bring together, addresses aside.
pub(super) fn named_together(facts: &[KnownFact]) -> UnionFind {
    let mut sets = UnionFind::default();
    for KnownFact { fact, .. } in facts {
        sets.join(fact.identities.iter().filter(|key| is_strong(key)));
    }
    sets
}

/// The keys that are one person's.
#[derive(Default)]
struct Group {
    keys: BTreeSet<Key>,
    addresses: BTreeMap<Key, DateTime<Utc>>,
}

impl Group {
    fn add(&mut self, keys: Vec<Key>, carried: Option<&Carried<'_>>) {
        self.keys.extend(keys);
        for (email, since) in carried.into_iter().flat_map(Carried::counting) {
            self.keys.insert(email.clone());
            self.addresses
                .entry(email.clone())
                .and_modify(|known| *known = since.min(*known))
                .or_insert(since);
        }
    }
}

/// A checkout whose `client_reference_id` is neither code nor click, but the company's own id of
/// somebody who is known by it, is theirs (SEMANTICS 4 f).
fn join_signed_up(facts: &[KnownFact], directory: &Directory, sets: &mut UnionFind) {
    let signed_up: BTreeSet<&Key> = facts
        .iter()
        .flat_map(|known| &known.fact.identities)
        .filter(|key| key.kind() == KeyKind::User)
        .collect();
    if signed_up.is_empty() {
        return;
    }
    for KnownFact { fact, .. } in facts {
        if let FactBody::Touch(touch) = &fact.body
            && touch.method == TouchMethod::ClientReferenceId
            && directory.look_up(touch.method, &touch.value, fact.at).is_none()
            && let Some(user) = signed_up.get(&Key::user(touch.value.trim()))
        {
            sets.join(fact.identities.iter().filter(|key| is_strong(key)).chain([*user]));
        }
    }
}

/// Names each group by its best key.
fn name(groups: BTreeMap<Key, Group>, by_email_alone: &BTreeMap<Key, Key>) -> People {
    let mut people = People::default();
    let mut renamed = BTreeMap::new();
    for (home, Group { keys, addresses }) in groups {
        let Some(anchor) = keys.iter().min_by_key(|key| (anchor_rank(key.kind()), *key)).cloned() else {
            continue;
        };
        for key in keys.iter().filter(|key| is_strong(key)) {
            people.anchors.insert(key.clone(), anchor.clone());
        }
        renamed.insert(home, anchor.clone());
        let person = Person {
            anchor: anchor.clone(),
            keys,
            addresses,
            email: None,
            stripe_customer: None,
            user: None,
            first_seen_at: None,
            converted_at: None,
        };
        people.by_anchor.insert(anchor, person);
    }
    for (email, home) in by_email_alone {
        if let Some(anchor) = renamed.get(home) {
            people.by_email_alone.insert(email.clone(), anchor.clone());
        }
    }
    people
}

/// Whether a key alone says that two facts speak of one person.
pub(super) fn is_strong(key: &Key) -> bool {
    key.kind() != KeyKind::Email
}

/// Whether a key names a customer rather than an object of theirs.
pub(super) fn names_a_customer(key: &Key) -> bool {
    matches!(key.kind(), KeyKind::StripeCustomer | KeyKind::User)
}

/// A name, and nothing but a name: what the least of several keys is decides nothing.
fn anchor_rank(kind: KeyKind) -> u8 {
    match kind {
        KeyKind::StripeCustomer => 0,
        KeyKind::User => 1,
        KeyKind::Email => 2,
        KeyKind::Invoice
        | KeyKind::PaymentIntent
        | KeyKind::Charge
        | KeyKind::Session
        | KeyKind::External
        | KeyKind::Subscription
        | KeyKind::Referral => 3,
    }
}
