//! Moments: when a customer is judged, and by which candidates.

use super::candidate::{Candidate, Judged};
use crate::clock::not_after;
use crate::directory::Directory;
use crate::fact::{FactBody, Touch, TouchedObject};
use crate::key::Key;
use crate::rules::{RuleVersion, Rules};
use crate::settle::outcome::Bind;
use crate::settle::payments::Payment;
use crate::settle::people::{People, Person};
use crate::settle::{KnownFact, SettleError, rules_at};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A time at which a customer is judged.
#[derive(Clone, Debug)]
pub(super) struct Moment<'a> {
    pub(super) kind: MomentKind<'a>,
    pub(super) at: DateTime<Utc>,
    /// The event that tells of an act: the tie-break among acts of one instant (SEMANTICS 4).
    event: &'a str,
    /// Until when what stays unattributed here waits for a mapping.
    pub(super) waits_until: DateTime<Utc>,
    /// In order of precedence.
    pub(super) candidates: Vec<Candidate<'a>>,
}

/// What makes a moment. The order is the last tie-break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MomentKind<'a> {
    /// A payment or a completed checkout, by its key.
    Payment(&'a Key),
    /// A referral that the API registered.
    Referral,
    /// A code that appeared on the customer or a subscription.
    Mapping,
    /// A bind of somebody with the same address.
    EmailMatch,
}

impl<'a> Moment<'a> {
    /// A code that appeared between payments.
    pub(super) fn mapping(at: DateTime<Utc>, candidate: Candidate<'a>) -> Self {
        Self { kind: MomentKind::Mapping, at, event: "", waits_until: at, candidates: vec![candidate] }
    }

    /// A bind of somebody with the same address.
    pub(super) fn email_match(at: DateTime<Utc>, candidate: Candidate<'a>) -> Self {
        Self { kind: MomentKind::EmailMatch, ..Self::mapping(at, candidate) }
    }

    /// Whether the customer did something, rather than something becoming known of them.
    pub(super) fn is_an_act(&self) -> bool {
        match self.kind {
            MomentKind::Payment(_) | MomentKind::Referral => true,
            MomentKind::Mapping | MomentKind::EmailMatch => false,
        }
    }

    /// The bind of the first candidate that stands up.
    pub(super) fn bind(&self) -> Option<Bind> {
        self.candidates.iter().find_map(Candidate::bind)
    }

    /// The payment whose moment this is.
    pub(super) fn payment(&self) -> Option<&'a Key> {
        match self.kind {
            MomentKind::Payment(key) => Some(key),
            MomentKind::Referral | MomentKind::Mapping | MomentKind::EmailMatch => None,
        }
    }

    /// Where it stands among the moments.
    pub(super) fn place(&self) -> Place {
        let (at, event) = (self.at, self.event.to_owned());
        Place { at, known: !self.is_an_act(), event, payment: self.payment().cloned() }
    }
}

/// Where a moment stands among those of its customer. One that is greater by time, kind and event comes later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::settle) struct Place {
    at: DateTime<Utc>,
    /// Something became known, rather than that the customer did it.
    known: bool,
    event: String,
    payment: Option<Key>,
}

impl Place {
    /// That of a payment.
    pub(in crate::settle) fn of(payment: &Payment<'_>) -> Self {
        let (at, event) = (payment.acted_at, payment.tie().to_owned());
        Self { at, known: false, event, payment: Some(payment.key.clone()) }
    }

    /// Whether a moment here comes after `other` for certain, whatever else is known of the two.
    pub(in crate::settle) fn is_after(&self, other: &Self) -> bool {
        (self.at, self.known, &self.event) > (other.at, other.known, &other.event)
    }
}

/// Where a bind began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::settle) struct Began {
    /// The moment.
    pub(in crate::settle) at: Place,
    /// Whether nothing that comes later changes it: not where a mapping holds because no act of the customer's has one.
    pub(in crate::settle) firm: bool,
}

/// Every moment of every person, in order.
pub(super) fn moments<'a>(
    facts: &'a [KnownFact],
    people: &'a People,
    payments: &'a [Payment<'a>],
    rules: &'a [RuleVersion],
    directory: &'a Directory,
) -> Result<BTreeMap<Key, Vec<Moment<'a>>>, SettleError> {
    let mut touches: BTreeMap<&Key, Vec<(&Touch, &KnownFact)>> = BTreeMap::new();
    for known in facts {
        if let FactBody::Touch(touch) = &known.fact.body {
            touches.entry(&touch.object).or_default().push((touch, known));
        }
    }
    let judged = |at, settled_at, received_at, rules: &Rules| Judged {
        directory,
        at,
        settled_at,
        received_at,
        back_bind: back_bind(rules),
        window: TimeDelta::days(i64::from(rules.window_days)),
        coupon_first: rules.coupon_first,
    };
    let mut moments: BTreeMap<Key, Vec<Moment<'a>>> = BTreeMap::new();
    for payment in payments {
        let at = payment.acted_at;
        let rules = rules_at(rules, at).ok_or_else(|| SettleError::NoRules(payment.key.to_string()))?;
        let Some(person) = payment.person.as_ref().and_then(|anchor| people.by_anchor.get(anchor)) else {
            continue;
        };
        let judged = judged(at, payment.at, payment.received_at, &rules.rules);
        moments.entry(person.anchor.clone()).or_default().push(Moment {
            kind: MomentKind::Payment(&payment.key),
            at,
            event: payment.tie(),
            waits_until: judged.waits_until(),
            candidates: of_payment(payment, person, &touches, judged),
        });
    }
    for known in facts {
        let (at, object) = (known.fact.at, &known.fact.identities);
        let Some(anchor) = people.of_keys(object) else { continue };
        let rules =
            || rules_at(rules, at).ok_or_else(|| SettleError::NoRules(known.fact.natural_key.clone()));
        if let FactBody::Referral(referral) = &known.fact.body {
            let judged = judged(at, at, known.received_at, &rules()?.rules);
            let (affiliate, code) = (referral.affiliate, referral.referral_code.as_deref());
            moments.entry(anchor.clone()).or_default().push(Moment {
                kind: MomentKind::Referral,
                at,
                event: &known.fact.event,
                waits_until: judged.waits_until(),
                candidates: Candidate::named(affiliate, code, None, &known.fact.event, judged),
            });
        } else if let FactBody::Touch(touch) = &known.fact.body
            && matches!(touch.on, TouchedObject::Customer | TouchedObject::Subscription)
        {
            let judged = judged(at, at, known.received_at, &rules()?.rules);
            let candidate = Candidate::touch(touch, at, &known.fact.event, at, judged);
            moments.entry(anchor.clone()).or_default().push(Moment::mapping(at, candidate));
        }
    }
    for moments in moments.values_mut() {
        sort(moments);
    }
    Ok(moments)
}

/// By event time and event id, then the precedence of the candidates.
pub(super) fn sort(moments: &mut [Moment<'_>]) {
    for moment in moments.iter_mut() {
        moment.candidates.sort_by(|a, b| a.order.cmp(&b.order));
    }
    moments.sort_by(|a, b| {
        order(a).cmp(&order(b)).then_with(|| {
            let first = a.candidates.first().map(|candidate| &candidate.order);
            first.cmp(&b.candidates.first().map(|candidate| &candidate.order))
        })
    });
}

/// Acts before what becomes known at the same instant; among acts, by event id.
fn order<'m>(moment: &'m Moment<'_>) -> (DateTime<Utc>, bool, &'m str, MomentKind<'m>) {
    (moment.at, !moment.is_an_act(), moment.event, moment.kind)
}

/// The back-bind window.
pub(super) fn back_bind(rules: &Rules) -> TimeDelta {
    TimeDelta::days(i64::from(rules.back_bind_days))
}

/// What the payment's own objects carry, and what its subscriptions and its customer carried when
/// it was made.
fn of_payment<'a>(
    payment: &'a Payment<'a>,
    person: &'a Person,
    touches: &BTreeMap<&Key, Vec<(&'a Touch, &'a KnownFact)>>,
    judged: Judged<'a>,
) -> Vec<Candidate<'a>> {
    let on = |key: &Key| touches.get(key).into_iter().flatten().copied();
    let own = payment.aliases.iter().flat_map(on).map(|(touch, known)| {
        Candidate::touch(touch, known.fact.at, &known.fact.event, payment.acted_at, judged)
    });
    let carried = payment.subscriptions.iter().chain(person.stripe_customers()).flat_map(on);
    let carried =
        carried.filter(|(_, known)| not_after(known.fact.at, payment.acted_at)).map(|(touch, known)| {
            Candidate::touch(touch, known.fact.at, &known.fact.event, known.fact.at, judged)
        });
    let mut candidates: Vec<Candidate<'a>> = own.chain(carried).collect();
    if let Some(posted) = &payment.posted {
        candidates.extend(Candidate::named(
            posted.affiliate,
            posted.referral_code,
            posted.coupon_code,
            posted.named_by,
            judged,
        ));
    }
    candidates
}
