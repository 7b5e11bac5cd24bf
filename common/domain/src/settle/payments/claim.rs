//! Which invoice a payment intent or a charge settles, when neither says so (ADR 10).
//!
//! Since 2025-03-31 invoices and payment intents do not name each other; another event identities them, and
//! may come late or never. An invoice that nothing is known to have paid claims the money of the same
//! customer that was collected within a day of it and is exactly what was collected on it. Each invoice claims
//! one set: money that Stripe describes as an invoice's before other money, then the nearest in time. Where
//! Stripe says that there is nothing to claim or nobody to claim it, there is no claim. This depends on the
//! facts alone, and a link overrules it.

use super::collection::{Collections, Said, sum};
use crate::fact::{FactBody, InvoicePaid};
use crate::key::{Key, KeyKind};
use crate::settle::KnownFact;
use crate::union_find::UnionFind;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// How far a payment's time may lie from its invoice's. Stripe writes both within seconds; the times of
/// manual captures and of delayed methods differ by more.
const NEAR: TimeDelta = TimeDelta::days(1);

/// What claimed and claimer have in common: customer, currency, minor units.
type Terms<'a> = (&'a Key, &'a str, i64);

/// A claim that may be made. The order is that in which claims are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim<'a> {
    /// Nothing describes the money as an invoice's.
    undescribed: bool,
    apart: TimeDelta,
    /// Of two that are as far apart the earlier goes first: ids decide nothing unless times are equal.
    at: DateTime<Utc>,
    paid_at: DateTime<Utc>,
    object: &'a Key,
    invoice: &'a Key,
}

/// Joins what is claimed to the invoice that claims it.
pub(super) fn join_claimed(facts: &[KnownFact], sets: &mut UnionFind) {
    let alone = alone(facts, sets);
    if alone.is_empty() {
        return;
    }
    let mut claims: Vec<Claim<'_>> = Vec::new();
    for (terms, invoice) in unpaid_by_any(facts, sets) {
        for money in alone.get(&terms).into_iter().flatten() {
            let apart = money.at.signed_duration_since(invoice.paid_at).abs();
            if apart <= NEAR {
                claims.push(Claim {
                    undescribed: !money.described,
                    apart,
                    at: money.at,
                    paid_at: invoice.paid_at,
                    object: money.object,
                    invoice: &invoice.invoice,
                });
            }
        }
    }
    claims.sort_unstable();
    let mut taken = BTreeSet::new();
    for claim in claims {
        if !taken.contains(claim.object) && !taken.contains(claim.invoice) {
            taken.extend([claim.object, claim.invoice]);
            sets.join([claim.object, claim.invoice]);
        }
    }
}

/// What may claim, and be claimed, by the identities of these facts: money, and invoices that nothing is known to have paid.
pub(in crate::settle) fn unclaimed(facts: &[KnownFact]) -> BTreeSet<Key> {
    let mut sets = UnionFind::default();
    for KnownFact { fact, .. } in facts {
        sets.join(fact.identities.iter().filter(|key| key.names_a_payment()));
    }
    let money = alone(facts, &mut sets).into_values().flatten().map(|money| money.object.clone());
    let mut open: BTreeSet<Key> = money.collect();
    open.extend(unpaid_by_any(facts, &mut sets).into_iter().map(|(_, invoice)| invoice.invoice.clone()));
    open
}

/// Money of which nothing says whose it is.
#[derive(Clone, Copy)]
struct Alone<'a> {
    object: &'a Key,
    at: DateTime<Utc>,
    /// It is described as an invoice's.
    described: bool,
}

fn alone<'a>(facts: &'a [KnownFact], sets: &mut UnionFind) -> BTreeMap<Terms<'a>, Vec<Alone<'a>>> {
    let mut collections: BTreeMap<Key, Collections<'a>> = BTreeMap::new();
    for known in facts {
        if let (FactBody::Intent(_) | FactBody::Charge(_) | FactBody::Apart(_), Some(key)) =
            (&known.fact.body, known.fact.identities.iter().find(|key| key.names_a_payment()))
        {
            collections.entry(sets.root(key)).or_default().note(known);
        }
    }
    if collections.is_empty() {
        return BTreeMap::new();
    }
    let owned = roots_with(sets, &[KeyKind::Invoice, KeyKind::Session]);
    let mut alone: BTreeMap<Terms<'a>, Vec<_>> = BTreeMap::new();
    for (root, collections) in collections {
        let leading = collections.leading();
        let described = match collections.said() {
            Said::Hinted => true,
            Said::Nothing => false,
            Said::Never => continue,
        };
        if let (Some(first), Some(money), false) = (leading.first(), sum(&leading), owned.contains(&root))
            && let Some(customer) = first.customer
        {
            let terms = (customer, first.currency, money.gross);
            alone.entry(terms).or_default().push(Alone { object: first.object, at: first.at, described });
        }
    }
    alone
}

/// Invoices on which money was paid, by whichever payment: none is known, and nothing says that there is none.
fn unpaid_by_any<'a>(facts: &'a [KnownFact], sets: &mut UnionFind) -> Vec<(Terms<'a>, &'a InvoicePaid)> {
    let mut paid = roots_with(sets, &[KeyKind::PaymentIntent, KeyKind::Charge]);
    for known in facts {
        if let FactBody::Apart(apart) = &known.fact.body {
            paid.insert(sets.root(&apart.object));
        }
    }
    let mut bare = Vec::new();
    for known in facts {
        if let FactBody::Invoice(invoice) = &known.fact.body
            && let Some(customer) = &invoice.customer
            && !paid.contains(&sets.root(&invoice.invoice))
        {
            bare.push(((customer, invoice.currency.as_str(), invoice.collected()), invoice));
        }
    }
    bare
}

/// The sets that have a key of one of these kinds.
fn roots_with(sets: &mut UnionFind, kinds: &[KeyKind]) -> BTreeSet<Key> {
    let sets = sets.sets().into_iter();
    sets.filter(|(_, keys)| keys.iter().any(|key| kinds.contains(&key.kind())))
        .map(|(root, _)| root)
        .collect()
}
