//! Which facts hold: now, and at an earlier moment.
//!
//! Of most things one fact is kept, the one that supersedes the others. Of what may take money back, hold it or decide
//! about it every version is kept, so that it can be told what stood at a moment of the past.

use super::KnownFact;
use super::outcome::{Conversion, Method, Settlement};
use super::payments::words::said_at;
use crate::fact::{Fact, FactBody, Holds, PostedWord, SessionCompleted, SessionPaymentStatus, TouchedObject};
use crate::key::{Key, KeyKind};
use chrono::{DateTime, SubsecRound, Utc};
use std::collections::BTreeMap;

/// One fact for each natural key, and every word of a caller's: each of those says something of its own.
pub(super) fn kept<'a>(versions: impl IntoIterator<Item = &'a KnownFact>) -> Vec<KnownFact> {
    let mut kept: BTreeMap<(&str, Option<&str>), KnownFact> = BTreeMap::new();
    for known in versions {
        let word = matches!(known.fact.body, FactBody::Posted(_)).then_some(known.fact.event.as_str());
        kept.entry((&known.fact.natural_key, word))
            .and_modify(|standing| standing.meet(known))
            .or_insert_with(|| known.clone());
    }
    kept.into_values().collect()
}

/// What held at a moment, for one payment: that it was made is known, whenever it was told.
pub(super) fn held_at(versions: &[KnownFact], moment: DateTime<Utc>, payment: &[Key]) -> Vec<KnownFact> {
    let held = kept(versions.iter().filter(|known| {
        let tells_payment =
            (is_money(&known.fact.body) || is_met_on_money(&known.fact.body)) && names(known, payment);
        tells_payment || !is_later(known, moment)
    }));
    let unpaid = versions.iter().filter(|known| !names(known, payment));
    held.into_iter().chain(unpaid.filter_map(|known| unpaid_at(known, moment))).collect()
}

/// A checkout that was completed by a moment and paid after it, as it was then.
fn unpaid_at(known: &KnownFact, moment: DateTime<Utc>) -> Option<KnownFact> {
    let FactBody::Session(session) = &known.fact.body else { return None };
    let first_at = known.first_at;
    (first_at <= moment && is_later(known, moment)).then(|| {
        let then = SessionCompleted {
            payment_status: SessionPaymentStatus::Unpaid,
            completed_at: first_at,
            ..session.clone()
        };
        let fact = Fact { at: first_at, body: FactBody::Session(then), ..known.fact.clone() };
        KnownFact { fact, ..known.clone() }
    })
}

/// What stands now of the payments of a cluster.
pub(super) struct Present {
    /// When each was made, by every name of its.
    made: BTreeMap<Key, DateTime<Utc>>,
    ranked: Vec<Ranked>,
}

/// A payment that takes a rank among its customer's.
struct Ranked {
    customer: Option<Key>,
    at: DateTime<Utc>,
    payment: Key,
    /// When that was told by which it is somebody's.
    bound_by: DateTime<Utc>,
}

impl Present {
    pub(super) fn of(settlement: &Settlement, versions: &[KnownFact]) -> Self {
        let mut told: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for known in versions {
            let at = match &known.fact.body {
                FactBody::Posted(word) => said_at(word, known),
                _ => known.fact.at,
            };
            told.entry(&known.fact.event).and_modify(|first| *first = at.min(*first)).or_insert(at);
        }
        let mut present = Self { made: BTreeMap::new(), ranked: Vec::new() };
        for one in &settlement.conversions {
            present.made.extend(one.aliases.iter().map(|key| (key.clone(), one.occurred_at)));
            let bound_by = one.bind.as_ref().and_then(|bind| told.get(bind.evidence.event.as_str()));
            if let (Some(_), Some(bound_by)) = (one.ordinal, bound_by) {
                present.ranked.push(Ranked {
                    customer: one.customer.clone(),
                    at: one.occurred_at,
                    payment: one.payment.clone(),
                    bound_by: *bound_by,
                });
            }
        }
        present
    }

    fn was_made_by(&self, payment: &Key, moment: DateTime<Utc>) -> bool {
        self.made.get(payment).is_some_and(|made| *made <= moment)
    }

    /// Whether a payment before this one became somebody's after a moment, and took a rank before it.
    fn is_preceded_since(&self, conversion: &Conversion, moment: DateTime<Utc>) -> bool {
        self.ranked.iter().any(|other| {
            other.bound_by > moment
                && other.customer == conversion.customer
                && (other.at, &other.payment) < (conversion.occurred_at, &conversion.payment)
        })
    }
}

/// Whether what became known after a moment may have changed what that payment earned then: refunds, disputes, words and
/// verdicts of its own, locks of anybody, and words, codes and money of the customer's other payments that bind the
/// customer or move the payment's rank. Where nothing did, what stands now stood then.
pub(super) fn touched_since(
    versions: &[KnownFact],
    moment: DateTime<Utc>,
    conversion: &Conversion,
    present: &Present,
) -> bool {
    if present.is_preceded_since(conversion, moment) {
        return true;
    }
    let payment = &conversion.aliases;
    let named_itself = conversion.bind.as_ref().is_some_and(|bind| {
        bind.method == Method::Api
            && versions.iter().any(|known| known.fact.event == bind.evidence.event && names(known, payment))
    });
    // Another payment that callers had told by then, and Stripe only afterwards, was one of another time and sum.
    let posted_then = versions.iter().any(|known| match &known.fact.body {
        FactBody::Posted(word) => {
            let of_stripe = word.conversion.payment.kind() != KeyKind::External;
            of_stripe && !names(known, payment) && !is_later(known, moment)
        }
        _ => false,
    });
    let money = |known: &KnownFact, happened: DateTime<Utc>| {
        !names(known, payment) && (posted_then || happened <= moment)
    };
    let changes = |known: &KnownFact| match &known.fact.body {
        FactBody::Lock(_) => true,
        FactBody::Posted(word) => {
            let said = &word.conversion;
            let binds =
                said.affiliate.is_some() || said.referral_code.is_some() || said.coupon_code.is_some();
            // What it is said of may have been made at another time than the caller says.
            let of_before = said.occurred_at <= moment || present.was_made_by(&said.payment, moment);
            names(known, payment) || (moves_others(word) && ((binds && !named_itself) || of_before))
        }
        FactBody::Session(session) => money(known, session.completed_at),
        FactBody::Invoice(invoice) => money(known, invoice.paid_at),
        FactBody::Intent(intent) => money(known, intent.succeeded_at),
        FactBody::Charge(charge) => money(known, charge.succeeded_at),
        FactBody::Referral(referral) => referral.occurred_at <= moment,
        _ => known.fact.has_versions() && names(known, payment),
    };
    versions.iter().any(|known| changes(known) && is_later(known, moment))
}

/// Whether a word on one payment may change what the customer's others earn. What it says of the commission, that it was
/// paid or that it was deleted does not.
fn moves_others(word: &PostedWord) -> bool {
    word.change.as_ref().is_none_or(|change| {
        change.kind.is_some()
            || change.base.is_some()
            || change.currency.is_some()
            || change.coupon_code.is_some()
    })
}

fn names(known: &KnownFact, payment: &[Key]) -> bool {
    known.fact.identities.iter().any(|key| payment.binary_search(key).is_ok())
}

fn is_money(body: &FactBody) -> bool {
    matches!(
        body,
        FactBody::Session(_)
            | FactBody::Invoice(_)
            | FactBody::InvoiceLines(_)
            | FactBody::Intent(_)
            | FactBody::Charge(_)
    )
}

/// A code or a coupon met on what was paid with, rather than on the customer.
fn is_met_on_money(body: &FactBody) -> bool {
    match body {
        FactBody::Touch(touch) => match touch.on {
            TouchedObject::Customer | TouchedObject::Subscription => false,
            TouchedObject::Session
            | TouchedObject::PaymentIntent
            | TouchedObject::Charge
            | TouchedObject::Invoice => true,
        },
        _ => false,
    }
}

/// Whether a fact is later than a moment.
fn is_later(known: &KnownFact, moment: DateTime<Utc>) -> bool {
    if let FactBody::Posted(word) = &known.fact.body {
        return said_at(word, known) > moment;
    }
    match known.fact.body.holds() {
        Holds::Always => false,
        Holds::After => known.fact.at > moment,
        Holds::FromItsSecond => known.fact.at >= moment.trunc_subsecs(0),
    }
}
