//! A long history without reading all of it: what one more event costs does not grow with what is known already.
//!
//! Most of what is known of a cluster decides nothing about the rest of it. Payments of one customer meet in few places
//! ([`one`]), and people who share an address in fewer ([`crowd`]). [`Past`] is what all facts of a cluster come to in these
//! places. From it and the facts of those parts that new facts touch, [`Past::next`] tells what
//! [`settle`](super::settle) would of them, and that nothing else has changed. Where it cannot be sure of that it says so,
//! and everything is folded.

mod claims;
mod crowd;
mod one;
mod ranks;

use super::attribution::{Binds, World};
use super::outcome::Settlement;
use super::payments::Payment;
use super::people::{People, is_strong};
use super::{KnownFact, SettleError};
use crate::directory::Directory;
use crate::fact::{Fact, FactBody};
use crate::ids::AffiliateId;
use crate::key::Key;
use crate::rules::RuleVersion;
use crowd::Crowd;
use one::One;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the facts of a cluster come to, as far as it concerns more than one of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Past(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// One customer of many payments.
    One(Box<One>),
    /// Many people who share an address.
    Crowd(Crowd),
}

/// What the parts of a history are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Division {
    /// A part is what belongs to one payment. What concerns none is read with each of them.
    Payments,
    /// A part is what belongs to one person, whom everything but an address names.
    People,
}

impl Division {
    /// Whether facts that name this key are of one part.
    #[must_use]
    pub fn joins(self, key: &Key) -> bool {
        match self {
            Self::Payments => key.names_a_payment(),
            Self::People => is_strong(key),
        }
    }
}

/// The facts of a cluster that are read when an event touches some of its parts: all of those parts, and those that belong to
/// no part, where the parts are payments.
#[derive(Clone, Copy, Debug)]
pub struct Touched<'a> {
    /// As they were, when the past was written.
    pub before: &'a [KnownFact],
    /// As they are now.
    pub after: &'a [KnownFact],
    /// The ranks of the payments touched, as they were, by payment.
    pub ordinals: &'a BTreeMap<Key, u32>,
}

impl Past {
    /// What a whole cluster comes to, which is `long` payments or people and more; `None` of a shorter one, and where all of it has
    /// to be read each time.
    pub(super) fn of(
        facts: &[KnownFact],
        people: &People,
        payments: &[Payment<'_>],
        binds: &Binds,
        world: World<'_>,
        long: usize,
    ) -> Option<Self> {
        let kind = if people.by_anchor.len() > 1 {
            let is_long = people.by_anchor.len() >= long;
            is_long.then(|| Crowd::of(facts, people, binds, world.directory)).flatten().map(Kind::Crowd)
        } else {
            (payments.len() >= long)
                .then(|| One::of(facts, people, payments, binds))
                .flatten()
                .map(|one| Kind::One(Box::new(one)))
        };
        kind.map(Self)
    }

    /// What its parts are.
    #[must_use]
    pub fn division(&self) -> Division {
        match &self.0 {
            Kind::One(_) => Division::Payments,
            Kind::Crowd(_) => Division::People,
        }
    }

    /// To whom its customers are bound, as far as that is kept: the registry must hold those affiliates.
    #[must_use]
    pub fn affiliates(&self) -> Vec<AffiliateId> {
        match &self.0 {
            Kind::One(one) => one.affiliate().into_iter().collect(),
            Kind::Crowd(crowd) => crowd.affiliates().collect(),
        }
    }

    /// Keys of payments that an event may touch without naming them: money that waits for its invoice, invoices that
    /// wait for their money. None where there are too many of them.
    #[must_use]
    pub fn open(&self) -> Vec<&Key> {
        match &self.0 {
            Kind::One(one) => one.open().collect(),
            Kind::Crowd(_) => Vec::new(),
        }
    }

    /// Whether an address is that of several people, and so of no part.
    #[must_use]
    pub fn shares(&self, address: &Key) -> bool {
        match &self.0 {
            Kind::One(_) => false,
            Kind::Crowd(crowd) => crowd.shares(address),
        }
    }

    /// What the facts come to now: the customers and payments touched, and the past from here on. `None` where all facts have
    /// to be read.
    ///
    /// # Errors
    /// As [`settle`](super::settle).
    pub fn next(
        &self,
        touched: Touched<'_>,
        rules: &[RuleVersion],
        directory: &Directory,
    ) -> Result<Option<(Settlement, Self)>, SettleError> {
        if has_words(touched.after) || !names_no_less(touched.before, touched.after) {
            return Ok(None);
        }
        let world = World { rules, directory };
        let next = match &self.0 {
            Kind::One(one) => {
                one.next(touched, world)?.map(|(settlement, next)| (settlement, Kind::One(Box::new(next))))
            }
            Kind::Crowd(crowd) => {
                crowd.next(touched, world)?.map(|(settlement, next)| (settlement, Kind::Crowd(next)))
            }
        };
        Ok(next.map(|(settlement, kind)| (settlement, Self(kind))))
    }
}

/// Whether a person or a caller spoke: what they say is about what stood at a time, and all of it.
fn has_words(facts: &[KnownFact]) -> bool {
    facts.iter().any(|known| matches!(known.fact.body, FactBody::Lock(_) | FactBody::Posted(_)))
}

/// Whether every fact still names whom it named: what it brought together stays together.
fn names_no_less(before: &[KnownFact], after: &[KnownFact]) -> bool {
    let after: BTreeMap<&str, &Fact> =
        after.iter().map(|known| (known.fact.natural_key.as_str(), &known.fact)).collect();
    before.iter().all(|KnownFact { fact: was, .. }| {
        let is = after.get(was.natural_key.as_str());
        is.is_some_and(|is| {
            was.identities == is.identities || was.identities.iter().all(|key| is.identities.contains(key))
        })
    })
}
