//! Whose a guest's purchases are.
//!
//! A guest is known by an address alone. By the time of the first purchase with it
//!
//! - one customer was known to carry it: the guest is that customer;
//! - several were: the guest is none of them, but a person of that address;
//! - none was: the guest is a person of that address, and the first customer who is new with it, so that
//!   nothing of theirs is older than their carrying it, is that person.
//!
//! All guests of one address are one person. Whoever comes to carry the address afterwards changes
//! nothing of that, so that a sign-up alone moves no amount.

use super::addresses::Carried;
use super::{KnownFact, is_strong};
use crate::clock::not_after;
use crate::key::Key;
use crate::union_find::UnionFind;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Where guests belong: the roots of customers' sets, or addresses.
pub(super) struct Homes {
    /// By the root of the guest's set.
    of_guest: BTreeMap<Key, Key>,
    /// By address.
    of_address: BTreeMap<Key, Key>,
    carriers: BTreeMap<Key, Vec<Carrier>>,
}

/// A customer who carries an address.
struct Carrier {
    since: DateTime<Utc>,
    /// When the customer first did something: signed up, checked out, paid.
    acted_at: Option<DateTime<Utc>>,
    root: Key,
}

impl Homes {
    pub(super) fn new(
        facts: &[KnownFact],
        sets: &mut UnionFind,
        carried: &BTreeMap<Key, Carried<'_>>,
        known: &BTreeMap<Key, Vec<Key>>,
        guests: &BTreeMap<Key, Vec<Key>>,
    ) -> Self {
        let times = Times::of(facts, sets);
        let mut carriers: BTreeMap<Key, Vec<Carrier>> = BTreeMap::new();
        for root in known.keys() {
            for (email, since) in carried.get(root).into_iter().flat_map(Carried::counting) {
                let acted_at = times.acted.get(root).copied();
                carriers.entry(email.clone()).or_default().push(Carrier {
                    since,
                    acted_at,
                    root: root.clone(),
                });
            }
        }
        let address_of = |root: &Key| carried.get(root).and_then(Carried::best);
        let mut first_purchases: BTreeMap<&Key, DateTime<Utc>> = BTreeMap::new();
        for root in guests.keys() {
            if let (Some(email), Some(at)) = (address_of(root), times.seen.get(root)) {
                first_purchases.entry(email).and_modify(|first| *first = (*at).min(*first)).or_insert(*at);
            }
        }
        let mut homes = Self { of_guest: BTreeMap::new(), of_address: BTreeMap::new(), carriers };
        for (email, at) in first_purchases {
            let home = homes.home(email, at);
            homes.of_address.insert(email.clone(), home);
        }
        for root in guests.keys() {
            let home = address_of(root).map_or_else(|| root.clone(), |email| homes.of_address(email));
            homes.of_guest.insert(root.clone(), home);
        }
        homes
    }

    /// Whose the guest is who has this root.
    pub(super) fn of_guest(&self, root: &Key) -> Key {
        self.of_guest.get(root).unwrap_or(root).clone()
    }

    /// Whose is what names nothing but an address: the guest's, else that of the only one who carries it.
    pub(super) fn of_address(&self, email: &Key) -> Key {
        let only = || match self.carriers.get(email).map(Vec::as_slice) {
            Some([only]) => only.root.clone(),
            Some(_) | None => email.clone(),
        };
        self.of_address.get(email).cloned().unwrap_or_else(only)
    }

    fn home(&self, email: &Key, first_purchase: DateTime<Utc>) -> Key {
        let carriers = self.carriers.get(email).map_or(&[][..], Vec::as_slice);
        let mut by_then = carriers.iter().filter(|carrier| not_after(carrier.since, first_purchase));
        let home = match (by_then.next(), by_then.next()) {
            (Some(only), None) => Some(only),
            (Some(_), Some(_)) => None,
            (None, _) => first(carriers).filter(|carrier| carrier.is_new_with_it()),
        };
        home.map_or_else(|| email.clone(), |carrier| carrier.root.clone())
    }
}

impl Carrier {
    fn is_new_with_it(&self) -> bool {
        self.acted_at.is_none_or(|acted_at| not_after(self.since, acted_at))
    }
}

/// The first who carries an address, unless two came to it at the same time.
fn first(carriers: &[Carrier]) -> Option<&Carrier> {
    let first = carriers.iter().min_by_key(|carrier| carrier.since)?;
    let alone = carriers.iter().filter(|carrier| carrier.since == first.since).count() == 1;
    alone.then_some(first)
}

/// When each set of keys was first seen, and when it first did something.
struct Times {
    seen: BTreeMap<Key, DateTime<Utc>>,
    acted: BTreeMap<Key, DateTime<Utc>>,
}

impl Times {
    fn of(facts: &[KnownFact], sets: &mut UnionFind) -> Self {
        let mut times = Self { seen: BTreeMap::new(), acted: BTreeMap::new() };
        for known in facts {
            let fact = &known.fact;
            let Some(root) = fact.identities.iter().find(|key| is_strong(key)).map(|key| sets.root(key))
            else {
                continue;
            };
            let Some(at) = known.seen_at() else { continue };
            let first = |known: &mut DateTime<Utc>| *known = at.min(*known);
            if fact.body.is_an_act() {
                times.acted.entry(root.clone()).and_modify(first).or_insert(at);
            }
            times.seen.entry(root).and_modify(first).or_insert(at);
        }
        times
    }
}
