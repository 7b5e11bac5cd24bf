//! Which affiliate a customer is bound to, since when, and what that means for each payment.
//!
//! A customer is judged at *moments*, in order of event time: each payment, each completed checkout
//! and each referral that the API registered. The first moment at which a candidate stands up binds
//! the customer; among the candidates of one moment precedence decides (SEMANTICS 4). Codes that
//! appear on the customer or a subscription between two moments bind only what is waiting for a
//! mapping (SEMANTICS 3), or, when no moment binds, the customer from then on.

mod candidate;
mod carriers;
mod lock;
mod moment;

use super::decisions::Decisions;
use super::outcome::{Bind, CandidateStory, Evidence, Method};
use super::payments::Payment;
use super::people::People;
use super::{KnownFact, SettleError, rules_at};
use crate::clock::not_after;
use crate::directory::Directory;
use crate::key::Key;
use crate::rules::{RuleVersion, Rules};
use candidate::Candidate;
pub(super) use carriers::Carrier;
use carriers::{Carriers, EmailMatches};
use chrono::{DateTime, TimeDelta, Utc};
use lock::Locked;
pub(super) use moment::{Began, Place};
use moment::{Moment, MomentKind};
use std::collections::BTreeMap;

/// Every bind of a cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Binds {
    /// By the person's anchor.
    pub(super) of_person: BTreeMap<Key, Bind>,
    /// The place of the moment that bound each, where a moment did.
    pub(super) began: BTreeMap<Key, Began>,
    /// By the payment's key.
    pub(super) of_payment: BTreeMap<Key, Judgement>,
    /// Who decides what an address alone says, by address; not asked for where there is one person.
    pub(super) carriers: BTreeMap<Key, Vec<Carrier>>,
}

/// What attribution says of one payment.
#[derive(Clone, Debug, Default)]
pub(super) struct Judgement {
    pub(super) bind: Option<Bind>,
    /// Why there is none.
    pub(super) reason: Option<String>,
    pub(super) candidates: Vec<CandidateStory>,
    pub(super) decision: String,
}

/// What facts are judged by.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) rules: &'a [RuleVersion],
    pub(super) directory: &'a Directory,
}

/// Binds people and judges payments. Of `others`, by the addresses that they carry, nothing but this is known.
pub(super) fn attribute(
    facts: &[KnownFact],
    people: &People,
    payments: &[Payment<'_>],
    world: World<'_>,
    decisions: &Decisions<'_>,
    others: Option<&BTreeMap<Key, Vec<Carrier>>>,
) -> Result<Binds, SettleError> {
    let World { rules, directory } = world;
    let mut moments = moment::moments(facts, people, payments, rules, directory)?;
    let locks: BTreeMap<&Key, Locked> = people
        .by_anchor
        .iter()
        .filter_map(|(anchor, person)| Some((anchor, Locked::new(decisions.lock_of(person)?, directory))))
        .collect();
    let bind = |anchor: &Key, moments: &BTreeMap<Key, Vec<Moment<'_>>>| match locks.get(anchor) {
        Some(lock) => Some((lock.bind.clone()?, None)),
        None => first_bind(moments.get(anchor)?).map(|(bind, began)| (bind, Some(began))),
    };
    // First by what each person brings along, then with the addresses of those who are bound.
    let anchors = || people.by_anchor.keys();
    let own: BTreeMap<&Key, Bind> =
        anchors().filter_map(|anchor| Some((anchor, bind(anchor, &moments)?.0))).collect();
    let elsewhere = others.into_iter().flatten();
    let elsewhere = elsewhere.flat_map(|(address, all)| all.iter().map(move |one| (address, one)));
    let carriers = Carriers::of(people, &own, elsewhere);
    for (anchor, moments) in &mut moments {
        if let Some(person) = people.by_anchor.get(anchor) {
            EmailMatches::of(person, &carriers).add_to(moments);
        }
    }
    let mut binds = Binds::default();
    if others.is_some() || people.by_anchor.len() > 1 {
        binds.carriers = carriers.kept();
    }
    for anchor in anchors() {
        if let Some((bind, began)) = bind(anchor, &moments) {
            binds.of_person.insert(anchor.clone(), bind);
            binds.began.extend(began.map(|began| (anchor.clone(), began)));
        }
    }
    judge_all(&mut binds, payments, &moments, &locks, rules)?;
    Ok(binds)
}

/// Judges some payments of the one person of a cluster, whose bind is known, with the place where it began. `None` where
/// what these facts tell may change it. The caller sees to it that none of the payments comes before that place.
pub(super) fn attribute_bound(
    facts: &[KnownFact],
    people: &People,
    payments: &[Payment<'_>],
    world: World<'_>,
    bound: Option<(&Bind, &Place)>,
) -> Result<Option<Binds>, SettleError> {
    let moments = moment::moments(facts, people, payments, world.rules, world.directory)?;
    let mut all = moments.values().flatten();
    let is_as_known = match bound {
        None => all.all(|moment| moment.bind().is_none()),
        Some((bind, began)) => {
            all.filter(|moment| moment.place() == *began).all(|moment| moment.bind().as_ref() == Some(bind))
        }
    };
    if !is_as_known {
        return Ok(None);
    }
    let mut binds = Binds::default();
    if let Some((bind, _)) = bound {
        binds.of_person = people.by_anchor.keys().map(|anchor| (anchor.clone(), bind.clone())).collect();
    }
    judge_all(&mut binds, payments, &moments, &BTreeMap::new(), world.rules)?;
    Ok(Some(binds))
}

/// Judges each payment by its own candidates and its customer's bind.
fn judge_all(
    binds: &mut Binds,
    payments: &[Payment<'_>],
    moments: &BTreeMap<Key, Vec<Moment<'_>>>,
    locks: &BTreeMap<&Key, Locked>,
    rules: &[RuleVersion],
) -> Result<(), SettleError> {
    let of_payment: BTreeMap<&Key, &Moment<'_>> =
        moments.values().flatten().filter_map(|moment| Some((moment.payment()?, moment))).collect();
    for payment in payments {
        let rules =
            rules_at(rules, payment.at).ok_or_else(|| SettleError::NoRules(payment.key.to_string()))?;
        let candidates = of_payment.get(&payment.key).map_or(&[][..], |moment| moment.candidates.as_slice());
        let bind = payment.person.as_ref().and_then(|anchor| binds.of_person.get(anchor));
        let judgement = match payment.person.as_ref().and_then(|anchor| locks.get(anchor)) {
            Some(lock) => lock.judge(candidates),
            None => judge(payment, bind, candidates, &rules.rules),
        };
        binds.of_payment.insert(payment.key.clone(), judgement);
    }
    Ok(())
}

/// The bind of the first moment that has one, and where that is.
fn first_bind(moments: &[Moment<'_>]) -> Option<(Bind, Began)> {
    let mut waiting_until: Option<DateTime<Utc>> = None;
    for moment in moments {
        let counts = moment.is_an_act() || waiting_until.is_some_and(|until| not_after(moment.at, until));
        if let Some(bind) = counts.then(|| moment.bind()).flatten() {
            return Some((bind, Began { at: moment.place(), firm: true }));
        }
        if moment.is_an_act() {
            waiting_until = waiting_until.max(Some(moment.waits_until));
        }
    }
    // Nothing waits: the earliest mapping holds from its own time on. An address does not: at a later
    // payment more than one may carry it.
    let mut mappings = moments.iter().filter(|moment| matches!(moment.kind, MomentKind::Mapping));
    mappings.find_map(|moment| Some((moment.bind()?, Began { at: moment.place(), firm: false })))
}

/// Whether `later` is at most `window` after `since`.
fn within(since: DateTime<Utc>, later: DateTime<Utc>, window: TimeDelta) -> bool {
    since.checked_add_signed(window).is_none_or(|end| not_after(later, end))
}

/// What a payment's own bind is, given its customer's.
fn judge(
    payment: &Payment<'_>,
    bind: Option<&Bind>,
    candidates: &[Candidate<'_>],
    rules: &Rules,
) -> Judgement {
    let own = candidates.iter().find_map(Candidate::bind);
    // What the API names for this very conversion is the caller's decision, not a guess of ours.
    let named = candidates.iter().find(|candidate| candidate.method == Method::Api).and_then(Candidate::bind);
    if let Some(named) = named {
        let decision = format!("affiliate {} was named over the API for this conversion", named.affiliate);
        let candidates = stories(candidates, Some(&named), &named);
        return Judgement { bind: Some(named), reason: None, candidates, decision };
    }
    match bind {
        Some(bind) if within(payment.at, bind.bound_at, moment::back_bind(rules)) => {
            let same = own.as_ref().is_some_and(|own| own.evidence == bind.evidence);
            let decision = if same {
                format!("{} binds the customer to affiliate {}", bind.method.in_words(), bind.affiliate)
            } else if bind.bound_at <= payment.at {
                format!(
                    "the customer has been bound to affiliate {} since {} by {}; the first bind wins",
                    bind.affiliate,
                    bind.bound_at.format("%Y-%m-%d"),
                    bind.method.in_words()
                )
            } else {
                format!(
                    "{} bound the customer to affiliate {} on {}, within {} days after the payment",
                    bind.method.in_words(),
                    bind.affiliate,
                    bind.bound_at.format("%Y-%m-%d"),
                    rules.back_bind_days
                )
            };
            Judgement {
                candidates: stories(candidates, own.as_ref(), bind),
                bind: Some(bind.clone()),
                reason: None,
                decision,
            }
        }
        Some(bind) => nobody(
            candidates,
            format!(
                "the customer was bound on {}, more than {} days after the payment",
                bind.bound_at.format("%Y-%m-%d"),
                rules.back_bind_days
            ),
        ),
        None => nobody(
            candidates,
            candidates.iter().find_map(|candidate| candidate.verdict.as_ref().err().cloned()).unwrap_or_else(
                || "no referral code, no affiliate's coupon and no known referral".to_owned(),
            ),
        ),
    }
}

fn nobody(candidates: &[Candidate<'_>], reason: String) -> Judgement {
    Judgement {
        bind: None,
        decision: format!("nobody earns: {reason}"),
        reason: Some(reason),
        candidates: candidates.iter().map(|candidate| candidate.story(None)).collect(),
    }
}

/// The candidates with what became of each.
fn stories(candidates: &[Candidate<'_>], own: Option<&Bind>, winner: &Bind) -> Vec<CandidateStory> {
    let mut won = false;
    let story = |candidate: &Candidate<'_>| {
        let verdict = match (&candidate.verdict, own) {
            (Err(_), _) => None,
            (Ok(_), Some(own)) if own.evidence == winner.evidence => {
                if won {
                    Some("lost: another candidate goes before it".to_owned())
                } else {
                    won = true;
                    Some("won".to_owned())
                }
            }
            (Ok(_), _) => Some("lost: the customer is bound already".to_owned()),
        };
        candidate.story(verdict)
    };
    candidates.iter().map(story).collect()
}

impl Evidence {
    pub(super) fn new(event: &str, object: &str) -> Self {
        Self { event: event.to_owned(), object: object.to_owned() }
    }
}
