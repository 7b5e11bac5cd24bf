//! Many people who share an address.
//!
//! Anybody may type any address into a checkout, and all who do so are one cluster. What each of them did is their own but
//! in three places: the referral that an address alone leads to (SEMANTICS 4 g), which the first three decide who carry it
//! and are bound; whose a guest's purchases are, which is decided by the time of the first of them (18); and a checkout
//! that names the company's own id of somebody (4 f). From those, and the facts of the people whom new facts touch,
//! follows what all facts come to.

use super::{Touched, has_words};
use crate::clock::not_after;
use crate::directory::Directory;
use crate::fact::{Fact, FactBody, TouchMethod};
use crate::ids::AffiliateId;
use crate::key::{Key, KeyKind};
use crate::settle::attribution::{self, Binds, Carrier, World};
use crate::settle::commission;
use crate::settle::decisions::Decisions;
use crate::settle::outcome::Settlement;
use crate::settle::payments::payments;
use crate::settle::people::{People, Person, emails, is_strong, named_together, names_a_customer, people};
use crate::settle::{KnownFact, SettleError};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Shared addresses beyond which nothing is kept of a crowd.
const MOST_ADDRESSES: usize = 48;

/// What the facts of many people come to, as far as it concerns more than one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Crowd {
    /// The addresses that several of them are known by.
    shared: BTreeMap<Key, Shared>,
    ids: Ids,
}

/// An address of several people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Shared {
    /// Who decides what it says.
    first: Vec<Carrier>,
    /// Who comes to it later than this changes nothing about whose the purchases of its guests are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guests_until: Option<DateTime<Utc>>,
}

/// Whether anybody is known by an id of the company's, and whether a checkout names what may be one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Ids {
    known: bool,
    referenced: bool,
}

impl Crowd {
    /// What a whole cluster comes to; `None` where people of it meet elsewhere as well.
    pub(super) fn of(
        facts: &[KnownFact],
        people: &People,
        binds: &Binds,
        directory: &Directory,
    ) -> Option<Self> {
        let mentions = mentions(facts, people);
        if has_words(facts) || !are_apart(facts, people) || named(facts, people) != mentions {
            return None;
        }
        let mut shared = BTreeMap::new();
        for (address, names) in mentions.into_iter().filter(|(_, names)| names.len() > 1) {
            let first = binds.carriers.get(&address).cloned().unwrap_or_default();
            let one = shared_by(&names, &address, first, facts, people)?;
            shared.insert(address, one);
        }
        // What names nothing but an address is read by nobody else's events.
        let is_seen = |known: &KnownFact| known.fact.identities.iter().all(|key| shared.contains_key(key));
        if !without_names(facts).all(is_seen) {
            return None;
        }
        let ids =
            Ids { known: !users(facts).is_empty(), referenced: !references(facts, directory).is_empty() };
        (shared.len() <= MOST_ADDRESSES).then_some(Self { shared, ids })
    }

    /// To whom those are bound who decide what an address says.
    pub(super) fn affiliates(&self) -> impl Iterator<Item = AffiliateId> {
        self.shared.values().flat_map(|shared| &shared.first).map(|carrier| carrier.bind().affiliate)
    }

    /// Whether an address is one of those that several people are known by.
    pub(super) fn shares(&self, address: &Key) -> bool {
        self.shared.contains_key(address)
    }

    /// What the facts of the people touched come to now, and the crowd from here on. `None` where all facts have to be read.
    ///
    /// # Errors
    /// As [`settle`](crate::settle::settle).
    pub(super) fn next(
        &self,
        touched: Touched<'_>,
        world: World<'_>,
    ) -> Result<Option<(Settlement, Self)>, SettleError> {
        let Touched { before, after, .. } = touched;
        let World { rules, directory } = world;
        let Some(ids) = self.ids.next(before, after, directory) else { return Ok(None) };
        let (was, now) = (people(before, directory), people(after, directory));
        let are_customers =
            |facts, people: &People| people.by_anchor.values().all(is_named) && are_apart(facts, people);
        // Who was a guest may leave others behind who are not read, and who is named otherwise now may have been two.
        if !are_customers(before, &was)
            || !are_customers(after, &now)
            || !was.by_anchor.keys().all(|anchor| now.by_anchor.contains_key(anchor))
            || !self.keeps_its_guests(before, &was, after, &now)
        {
            return Ok(None);
        }
        let mentions = mentions(after, &now);
        if named(after, &now) != mentions {
            return Ok(None);
        }
        let payments = payments(after, &now)?;
        let decisions = Decisions::of(after);
        let others = self.others(before, after);
        let binds = attribution::attribute(after, &now, &payments, world, &decisions, Some(&others))?;
        let carriers = |address: &Key| binds.carriers.get(address).cloned().unwrap_or_default();
        if self.shared.iter().any(|(address, shared)| carriers(address) != shared.first) {
            return Ok(None);
        }
        let mut shared = self.shared.clone();
        // Whoever else was known by one of these has been touched with it.
        for (address, _) in mentions.into_iter().filter(|(_, names)| names.len() > 1) {
            let first = carriers(&address);
            shared.entry(address).or_insert(Shared { first, guests_until: None });
        }
        if shared.len() > MOST_ADDRESSES {
            return Ok(None);
        }
        let settlement = commission::settlement(&now, &payments, binds, rules, directory, &decisions)?;
        Ok(Some((settlement, Self { shared, ids })))
    }

    /// Of those who decide what an address says, the ones who are not touched.
    fn others(&self, before: &[KnownFact], after: &[KnownFact]) -> BTreeMap<Key, Vec<Carrier>> {
        let touched: BTreeSet<&Key> =
            before.iter().chain(after).flat_map(|known| &known.fact.identities).collect();
        let others = self.shared.iter().map(|(address, shared)| {
            let others = shared.first.iter().filter(|carrier| !touched.contains(carrier.anchor()));
            (address.clone(), others.cloned().collect())
        });
        others.collect()
    }

    /// Whether everybody still carries the shared addresses that they carried, and nobody else decides whose the purchases of guests
    /// are.
    fn keeps_its_guests(
        &self,
        before: &[KnownFact],
        was: &People,
        after: &[KnownFact],
        now: &People,
    ) -> bool {
        self.shared.iter().all(|(address, shared)| {
            let (were, are) = (carrying(address, was), carrying(address, now));
            let still_carries = |person: &&Person| {
                let is = now.of_keys([&person.anchor]).and_then(|anchor| now.by_anchor.get(anchor));
                is.is_some_and(|is| is.addresses.contains_key(address))
            };
            let early = |carrying: &[&Person], facts, people| {
                let until = shared.guests_until?;
                let places = carrying.iter().filter_map(|person| {
                    let since = *person.addresses.get(address)?;
                    not_after(since, until).then(|| (since, acted_at(facts, people, &person.anchor)))
                });
                let mut places: Vec<_> = places.collect();
                places.sort_unstable();
                Some(places)
            };
            were.len() <= are.len()
                && were.iter().all(still_carries)
                && early(&were, before, was) == early(&are, after, now)
        })
    }
}

impl Ids {
    /// What is so from here on; `None` where a checkout and somebody who is known by an id may meet by it now.
    fn next(self, before: &[KnownFact], after: &[KnownFact], directory: &Directory) -> Option<Self> {
        let (users_now, references_now) = (users(after), references(after, directory));
        let (users_then, references_then) = (users(before), references(before, directory));
        let next = Self {
            known: self.known || !users_now.is_empty(),
            referenced: self.referenced || !references_now.is_empty(),
        };
        let may_meet = (next.referenced && !users_now.is_subset(&users_then))
            || (next.known && !references_now.is_subset(&references_then));
        (!may_meet).then_some(next)
    }
}

/// The ids of the company's by which somebody is known.
fn users(facts: &[KnownFact]) -> BTreeSet<&Key> {
    let named = facts.iter().flat_map(|known| &known.fact.identities);
    named.filter(|key| key.kind() == KeyKind::User).collect()
}

/// What checkouts name that is neither code nor click.
fn references<'a>(facts: &'a [KnownFact], directory: &Directory) -> BTreeSet<&'a str> {
    let touches = facts.iter().filter_map(|known| match &known.fact.body {
        FactBody::Touch(touch) if touch.method == TouchMethod::ClientReferenceId => {
            let is_a_code = directory.look_up(touch.method, &touch.value, known.fact.at).is_some();
            (!is_a_code).then_some(known.fact.natural_key.as_str())
        }
        _ => None,
    });
    touches.collect()
}

/// Whether it is a customer of a name, and not a guest.
fn is_named(person: &Person) -> bool {
    person.keys.iter().any(names_a_customer)
}

/// Whether each customer is what facts bring together that name something besides an address, and no guest is a customer.
fn are_apart(facts: &[KnownFact], people: &People) -> bool {
    let mut sets = named_together(facts);
    let person = |keys: &[Key]| people.by_anchor.get(people.of_keys(keys)?);
    let mut seen = BTreeSet::new();
    for keys in sets.sets().into_values() {
        let Some(person) = person(&keys) else { return false };
        let is_customer = keys.iter().any(names_a_customer);
        if is_customer != is_named(person) || (is_customer && !seen.insert(&person.anchor)) {
            return false;
        }
    }
    without_names(facts).all(|known| person(&known.fact.identities).is_some_and(|person| !is_named(person)))
}

/// What names nothing but an address.
fn without_names(facts: &[KnownFact]) -> impl Iterator<Item = &KnownFact> {
    facts.iter().filter(|known| !known.fact.identities.iter().any(is_strong))
}

/// Who is known by each address, whatever it says of them.
fn mentions(facts: &[KnownFact], people: &People) -> BTreeMap<Key, BTreeSet<Key>> {
    known_by(facts, people, |fact| emails(fact).into_iter().map(|(address, _)| address).collect())
}

/// The same, as far as facts name the addresses among what they concern. What a fact carries besides is not looked for when
/// somebody else comes to it.
fn named(facts: &[KnownFact], people: &People) -> BTreeMap<Key, BTreeSet<Key>> {
    known_by(facts, people, |fact| fact.identities.iter().filter(|key| !is_strong(key)).cloned().collect())
}

/// Who is known by each of the addresses that a fact has.
fn known_by(
    facts: &[KnownFact],
    people: &People,
    addresses: impl Fn(&Fact) -> Vec<Key>,
) -> BTreeMap<Key, BTreeSet<Key>> {
    let mut known: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for KnownFact { fact, .. } in facts {
        let Some(anchor) = people.of(fact) else { continue };
        for address in addresses(fact) {
            known.entry(address).or_default().insert(anchor.clone());
        }
    }
    known
}

/// The customers who carry an address.
fn carrying<'a>(address: &Key, people: &'a People) -> Vec<&'a Person> {
    let named = people.by_anchor.values().filter(|person| is_named(person));
    named.filter(|person| person.addresses.contains_key(address)).collect()
}

/// When a person first did something.
fn acted_at(facts: &[KnownFact], people: &People, anchor: &Key) -> Option<DateTime<Utc>> {
    let theirs = facts.iter().filter(|known| people.of(&known.fact) == Some(anchor));
    theirs.filter(|known| known.fact.body.is_an_act()).filter_map(KnownFact::seen_at).min()
}

/// An address of several people, with those who decide what it says. `None` where it never ends that who comes to it may change whose the
/// purchases of its guests are.
fn shared_by(
    names: &BTreeSet<Key>,
    address: &Key,
    first: Vec<Carrier>,
    facts: &[KnownFact],
    people: &People,
) -> Option<Shared> {
    let guests = |anchor: &Key| people.by_anchor.get(anchor).is_some_and(|person| !is_named(person));
    if !names.iter().any(guests) {
        return Some(Shared { first, guests_until: None });
    }
    let carriers = carrying(address, people);
    let since = carriers.iter().filter_map(|person| person.addresses.get(address)).min()?;
    let of_guests = facts.iter().filter(|known| people.of(&known.fact).is_some_and(guests));
    let last = of_guests.filter_map(KnownFact::seen_at).max();
    // Of clocks of which one counts whole seconds: all of the second.
    let until = last.max(Some(*since))?.trunc_subsecs(0).checked_add_signed(TimeDelta::seconds(1))?;
    // What names nothing but the address is that of the only one who carries it.
    (carriers.len() > 1).then_some(Shared { first, guests_until: Some(until) })
}
