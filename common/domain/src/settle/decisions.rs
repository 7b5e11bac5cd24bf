//! The decisions of people that stand, for the fold to ask for.

use super::KnownFact;
use super::people::Person;
use crate::decision::{Lock, LockedTo, Verdict};
use crate::fact::FactBody;
use crate::key::Key;
use std::collections::{BTreeMap, BTreeSet};

/// Every lock and verdict of a cluster, by what it is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Decisions<'a> {
    locks: BTreeMap<&'a Key, Standing<'a, Lock>>,
    verdicts: BTreeMap<&'a Key, Standing<'a, Verdict>>,
}

/// A decision and where it was read.
#[derive(Debug)]
pub(super) struct Standing<'a, T> {
    pub(super) decision: &'a T,
    pub(super) event: &'a str,
    /// The store's number: of two decisions the greater one stands.
    revision: i64,
}

impl<'a> Decisions<'a> {
    pub(super) fn of(facts: &'a [KnownFact]) -> Self {
        let mut decisions = Self::default();
        for KnownFact { fact, .. } in facts {
            if let FactBody::Lock(lock) = &fact.body {
                let standing = Standing { decision: lock, event: &fact.event, revision: fact.rank };
                decisions.locks.insert(&lock.customer, standing);
            }
            if let FactBody::Verdict(verdict) = &fact.body {
                let standing = Standing { decision: verdict, event: &fact.event, revision: fact.rank };
                decisions.verdicts.insert(&verdict.payment, standing);
            }
        }
        decisions
    }

    /// The lock of a person: the latest that names one of their keys, unless it released them.
    pub(super) fn lock_of(&self, person: &Person) -> Option<Standing<'a, Lock>> {
        let lock = latest(&self.locks, &person.keys)?;
        match lock.decision.to {
            LockedTo::Affiliate(_) | LockedTo::Nobody => Some(lock),
            LockedTo::Released => None,
        }
    }

    /// The verdict on a payment: the latest that names one of its keys.
    pub(super) fn verdict_on(&self, aliases: &BTreeSet<Key>) -> Option<&'a Verdict> {
        latest(&self.verdicts, aliases).map(|standing| standing.decision)
    }
}

impl<T> Clone for Standing<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Standing<'_, T> {}

fn latest<'a, T>(
    decisions: &BTreeMap<&'a Key, Standing<'a, T>>,
    keys: &BTreeSet<Key>,
) -> Option<Standing<'a, T>> {
    // Most clusters have no decision at all, and few have more than one.
    let about = decisions.iter().filter(|(key, _)| keys.contains(**key));
    about.map(|(_, standing)| *standing).max_by_key(|standing| (standing.revision, standing.event))
}
