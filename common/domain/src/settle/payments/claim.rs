//! Which invoice a payment intent or a charge settles, when neither says so (ADR 10).
//!
//! Since 2025-03-31 invoices and payment intents do not name each other; another event links them, and
//! may come late or never. An invoice that nothing is known to have paid claims the money of the same
//! customer that was collected within a day of it and is exactly what was paid on it. Each invoice claims
//! one set, the nearest in time. This depends on the facts alone, and a link overrules it.

use super::collection::{Collections, Said, sum};
use super::names_a_payment;
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
    apart: TimeDelta,
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
        for (object, at) in alone.get(&terms).into_iter().flatten() {
            let apart = at.signed_duration_since(invoice.paid_at).abs();
            if apart <= NEAR {
                claims.push(Claim { apart, object, invoice: &invoice.invoice });
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

/// Money of which nothing says whose it is, with an object of it and its time.
fn alone<'a>(
    facts: &'a [KnownFact],
    sets: &mut UnionFind,
) -> BTreeMap<Terms<'a>, Vec<(&'a Key, DateTime<Utc>)>> {
    let mut collections: BTreeMap<Key, Collections<'a>> = BTreeMap::new();
    for known in facts {
        if let (FactBody::Intent(_) | FactBody::Charge(_), Some(key)) =
            (&known.fact.body, known.fact.links.iter().find(|key| names_a_payment(key)))
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
        if let (Some(first), Some(money), false, Said::Hinted | Said::Nothing) =
            (leading.first(), sum(&leading), owned.contains(&root), collections.said())
            && let Some(customer) = first.customer
        {
            let terms = (customer, first.currency, money.gross);
            alone.entry(terms).or_default().push((first.object, first.at));
        }
    }
    alone
}

/// Invoices on which money was paid, and no payment is known of.
fn unpaid_by_any<'a>(facts: &'a [KnownFact], sets: &mut UnionFind) -> Vec<(Terms<'a>, &'a InvoicePaid)> {
    let paid = roots_with(sets, &[KeyKind::PaymentIntent, KeyKind::Charge]);
    let mut bare = Vec::new();
    for known in facts {
        if let FactBody::Invoice(invoice) = &known.fact.body
            && let Some(customer) = &invoice.customer
            && !paid.contains(&sets.root(&invoice.invoice))
        {
            bare.push(((customer, invoice.currency.as_str(), invoice.amount_paid), invoice));
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
