//! The ranks of a customer's payments, without the payments.

use crate::key::Key;
use crate::settle::attribution::Binds;
use crate::settle::commission::{Ordinal, Ordinals, is_ranked};
use crate::settle::payments::Payment;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many payments have a rank, and which are the first and the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ranks {
    count: u32,
    first_at: Option<DateTime<Utc>>,
    last: Option<(DateTime<Utc>, Key)>,
}

type Place = (DateTime<Utc>, Key);

impl Ranks {
    pub(super) fn of(payments: &[Payment<'_>], binds: &Binds) -> Self {
        let places = places(payments, binds);
        Self {
            count: u32::try_from(places.len()).unwrap_or(u32::MAX),
            first_at: places.first().map(|(at, _)| *at),
            last: places.last().cloned(),
        }
    }

    /// The ranks of the payments touched, and all of them from here on; `None` where those of others change, or one is
    /// not known. Payments that had one, by `known`, keep it; new ones come after all others.
    pub(super) fn next(
        &self,
        before: &[Payment<'_>],
        after: &[Payment<'_>],
        binds: &Binds,
        known: &BTreeMap<Key, u32>,
    ) -> Option<(Self, Ordinals)> {
        let now = places(after, binds);
        let mut was = BTreeSet::new();
        for payment in before {
            if known.contains_key(&payment.key) {
                was.insert((payment.at, payment.key.clone()));
            }
        }
        let fresh: Vec<&Place> = now.difference(&was).collect();
        let is_last = |place: &&Place| self.last.as_ref().is_none_or(|last| last < *place);
        if !was.is_subset(&now) || !fresh.iter().all(is_last) {
            return None;
        }
        let first_paid_at = self.first_at.or_else(|| now.first().map(|(at, _)| *at));
        let mut ordinals = Ordinals::new();
        for (_, key) in &was {
            ordinals.insert(key.clone(), Ordinal { n: *known.get(key)?, first_paid_at: first_paid_at? });
        }
        let mut next = Self { first_at: first_paid_at, ..self.clone() };
        for place in fresh {
            next.count = next.count.checked_add(1)?;
            next.last = Some(place.clone());
            ordinals.insert(place.1.clone(), Ordinal { n: next.count, first_paid_at: first_paid_at? });
        }
        Some((next, ordinals))
    }
}

/// The payments that take a rank, in its order.
fn places(payments: &[Payment<'_>], binds: &Binds) -> BTreeSet<Place> {
    let ranked = payments.iter().filter(|payment| is_ranked(payment, binds));
    ranked.map(|payment| (payment.at, payment.key.clone())).collect()
}
