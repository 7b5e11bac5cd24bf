//! One customer of many payments.
//!
//! Payments of one customer meet in few places: who the customer is, the first bind, a payment's rank, the first payment's
//! time, and money that an invoice claims. From those, the facts that concern no payment, and the facts of the payments that
//! new facts touch, follows what all facts come to.

use super::claims::Open;
use super::ranks::Ranks;
use super::{Touched, has_words};
use crate::fact::{Fact, FactBody};
use crate::ids::AffiliateId;
use crate::key::Key;
use crate::settle::attribution::{self, Began, Binds, Place, World};
use crate::settle::commission;
use crate::settle::customer::{customer, first_paid};
use crate::settle::decisions::Decisions;
use crate::settle::outcome::{Bind, Settlement};
use crate::settle::payments::{Payment, payments};
use crate::settle::people::{People, Seen, guests, named_together, one};
use crate::settle::{KnownFact, SettleError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names and addresses of one customer beyond which nothing is kept of them.
const MOST_NAMES: usize = 48;

/// What the facts of one customer come to, as far as it concerns more than one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct One {
    anchor: Key,
    /// The address of guests, who are one by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guest: Option<Key>,
    /// What facts about payments tell of the customer.
    seen: Seen,
    bound: Option<Bound>,
    ranks: Ranks,
    first_paid_at: Option<DateTime<Utc>>,
    open: Open,
}

/// The customer's bind, and where it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bound {
    bind: Bind,
    began: Began,
}

/// Whether a fact concerns a payment.
fn concerns_a_payment(fact: &Fact) -> bool {
    fact.identities.iter().any(Key::names_a_payment)
}

impl One {
    /// What a whole cluster comes to; `None` where it is not that of one customer alone.
    pub(super) fn of(
        facts: &[KnownFact],
        people: &People,
        payments: &[Payment<'_>],
        binds: &Binds,
    ) -> Option<Self> {
        if people.by_anchor.len() != 1 || has_words(facts) {
            return None;
        }
        let person = people.by_anchor.values().next()?;
        let seen = Seen::of(facts.iter().filter(|known| concerns_a_payment(&known.fact)));
        let shared: Vec<KnownFact> = shared(facts).cloned().collect();
        let guest = guests(facts);
        let alone = one(&seen, &shared, guest.as_ref())?;
        let same = alone.by_anchor.get(&person.anchor)?;
        let is_theirs = |payment: &Payment<'_>| payment.person.as_ref() == Some(&person.anchor);
        let is_the_same = (&same.addresses, &same.email, &same.stripe_customer, &same.user)
            == (&person.addresses, &person.email, &person.stripe_customer, &person.user)
            && (same.first_seen_at, same.converted_at) == (person.first_seen_at, person.converted_at);
        // A guest's purchases may turn out to be another's, if it is not for their address.
        let are_together = named_together(facts).sets().len() == 1;
        let names_nobody_else =
            facts.iter().flat_map(|known| &known.fact.identities).all(|key| person.keys.contains(key));
        if !is_the_same
            || !(are_together || guest.is_some())
            || !names_nobody_else
            || seen.len() > MOST_NAMES
            || person.first_seen_at.is_none()
            || !payments.iter().all(is_theirs)
        {
            return None;
        }
        let bound = match binds.of_person.get(&person.anchor) {
            Some(bind) => Some(Bound { bind: bind.clone(), began: binds.began.get(&person.anchor)?.clone() }),
            None => None,
        };
        Some(Self {
            anchor: person.anchor.clone(),
            guest,
            seen,
            bound,
            ranks: Ranks::of(payments, binds),
            first_paid_at: first_paid(payments).get(&person.anchor).copied(),
            open: Open::of(facts),
        })
    }

    /// To whom the customer is bound: the registry must hold that affiliate.
    pub(super) fn affiliate(&self) -> Option<AffiliateId> {
        self.bound.as_ref().map(|bound| bound.bind.affiliate)
    }

    /// Keys of payments that an event may touch without naming them: money that waits for its invoice, invoices that
    /// wait for their money. None where there are too many of them.
    pub(super) fn open(&self) -> impl Iterator<Item = &Key> {
        self.open.keys()
    }

    /// What the facts come to now: the customer, the payments touched, and the past from here on. `None` where all facts have
    /// to be read.
    ///
    /// # Errors
    /// As [`settle`](crate::settle::settle).
    pub(super) fn next(
        &self,
        touched: Touched<'_>,
        world: World<'_>,
    ) -> Result<Option<(Settlement, Self)>, SettleError> {
        let Touched { before, after, ordinals } = touched;
        let World { rules, directory } = world;
        if !says_the_same(before, after) {
            return Ok(None);
        }
        let of_payments = |facts: &[KnownFact]| {
            let facts: Vec<KnownFact> =
                facts.iter().filter(|known| concerns_a_payment(&known.fact)).cloned().collect();
            facts
        };
        let (before_payments, after_payments) = (of_payments(before), of_payments(after));
        let (was_seen, is_seen) = (Seen::of(before_payments.iter()), Seen::of(after_payments.iter()));
        let seen = self.seen.join(&is_seen);
        let Some(open) = self.open.next(&before_payments, &after_payments) else { return Ok(None) };
        let one = |facts| one(&self.seen, facts, self.guest.as_ref());
        let (Some(then), Some(now)) = (one(before), one(after)) else {
            return Ok(None);
        };
        let (Some(was), Some(person)) = (then.by_anchor.get(&self.anchor), now.by_anchor.get(&self.anchor))
        else {
            return Ok(None);
        };
        // What an affiliate's own purchase is, and whom a payment's story names, depends on these.
        let is_the_same =
            (&was.addresses, &was.stripe_customer) == (&person.addresses, &person.stripe_customer);
        if !is_the_same || !is_seen.covers(&was_seen) || seen.len() > MOST_NAMES {
            return Ok(None);
        }
        let (was_paid, paid) = (payments(before, &then)?, payments(after, &now)?);
        let is_theirs = |payment: &Payment<'_>| payment.person.as_ref() == Some(&self.anchor);
        if !was_paid.iter().chain(&paid).all(is_theirs) || !self.keeps_its_bind(&was_paid, &paid) {
            return Ok(None);
        }
        let decisions = Decisions::of(after);
        let bound = self.bound.as_ref().map(|bound| (&bound.bind, &bound.began.at));
        let Some(binds) = attribution::attribute_bound(after, &now, &paid, world, bound)? else {
            return Ok(None);
        };
        let Some((ranks, ordinals)) = self.ranks.next(&was_paid, &paid, &binds, ordinals) else {
            return Ok(None);
        };
        let was_first = first_paid(&was_paid).get(&self.anchor).copied();
        let is_first = first_paid(&paid).get(&self.anchor).copied();
        if was_first.is_some_and(|was| is_first.is_none_or(|is| was < is)) {
            return Ok(None);
        }
        let first_paid_at = self.first_paid_at.into_iter().chain(is_first).min();
        let bind = self.bound.as_ref().map(|bound| &bound.bind);
        let customers = customer(person, first_paid_at, bind).into_iter().collect();
        let conversions =
            commission::conversions(&now, &paid, binds, &ordinals, rules, directory, &decisions)?;
        let next = Self { seen, ranks, first_paid_at, open, ..self.clone() };
        Ok(Some((Settlement { customers, conversions }, next)))
    }

    /// Whether the customer's bind began before all that the payments touched have been or are, and holds whatever comes
    /// later; or at one of them.
    fn keeps_its_bind(&self, before: &[Payment<'_>], after: &[Payment<'_>]) -> bool {
        let Some(Bound { began, .. }) = &self.bound else { return true };
        let place = |payment| Place::of(payment);
        let comes_later = |payment| {
            let place = place(payment);
            place.is_after(&began.at) || place == began.at
        };
        let was_there = before.iter().any(|payment| place(payment) == began.at);
        let is_there = after.iter().any(|payment| place(payment) == began.at);
        began.firm && was_there == is_there && before.iter().chain(after).all(comes_later)
    }
}

fn shared(facts: &[KnownFact]) -> impl Iterator<Item = &KnownFact> {
    facts.iter().filter(|known| !concerns_a_payment(&known.fact))
}

/// Whether the facts that concern no payment say the same before and after.
fn says_the_same(before: &[KnownFact], after: &[KnownFact]) -> bool {
    let by_key = |facts| -> BTreeMap<_, _> {
        shared(facts).map(|known: &KnownFact| (known.fact.natural_key.as_str(), known)).collect()
    };
    let (before, after): (BTreeMap<&str, &KnownFact>, BTreeMap<&str, &KnownFact>) =
        (by_key(before), by_key(after));
    before.len() == after.len()
        && before
            .iter()
            .zip(&after)
            .all(|((key, was), (same, is))| key == same && (was == is || is_the_same_snapshot(was, is)))
}

/// Whether a later snapshot shows what the earlier one did. When it was taken tells nothing of what forbids no commission.
fn is_the_same_snapshot(was: &KnownFact, is: &KnownFact) -> bool {
    let tells_no_time = match &is.fact.body {
        FactBody::Customer(seen) => !seen.no_commission && !seen.no_commission_is_dated,
        FactBody::Subscription(seen) => !seen.no_commission && !seen.no_commission_is_dated,
        _ => false,
    };
    tells_no_time
        && (&was.fact.body, &was.fact.identities, was.first_at)
            == (&is.fact.body, &is.fact.identities, is.first_at)
}
