//! What the callers of the REST API say of one payment: all of their words, one after the other.
//!
//! A payment may be posted under several of its ids, by callers who do not know that it is one, and each post may be
//! changed and deleted. What stands is the same in whatever order these came: a post is said at its own time, a change
//! when it was accepted, and of two at one instant the order of the keys decides.

use crate::fact::{ConversionChange, ConversionKind, NamedValue, PostedConversion, PostedWord};
use crate::ids::{AffiliateId, ConversionId};
use crate::settle::KnownFact;
use chrono::{DateTime, Utc};

/// What stands of all words on one payment.
#[derive(Clone, Debug)]
pub(in crate::settle) struct Standing<'a> {
    /// The number of the first post.
    pub(in crate::settle) conversion: ConversionId,
    pub(in crate::settle) kind: ConversionKind,
    /// Minor units of commission and their currency, when it is named.
    pub(in crate::settle) value: Option<(i64, &'a str)>,
    /// Minor units of the sale.
    pub(in crate::settle) base: Option<i64>,
    pub(in crate::settle) currency: &'a str,
    pub(in crate::settle) affiliate: Option<AffiliateId>,
    pub(in crate::settle) referral_code: Option<&'a str>,
    pub(in crate::settle) coupon_code: Option<&'a str>,
    pub(in crate::settle) occurred_at: DateTime<Utc>,
    pub(in crate::settle) deleted: bool,
    /// The words that it has been paid, none when the last says that it has not.
    pub(in crate::settle) paid: Vec<PaidWord<'a>>,
    /// The word that names an affiliate, a code or a coupon.
    pub(in crate::settle) named_by: &'a str,
    /// The first word.
    pub(in crate::settle) event: &'a str,
}

/// A word that a conversion has been paid.
#[derive(Clone, Copy, Debug)]
pub(in crate::settle) struct PaidWord<'a> {
    pub(in crate::settle) at: DateTime<Utc>,
    pub(in crate::settle) event: &'a str,
}

/// When something was said: the time of a word's own, not that of its receipt.
pub(in crate::settle) fn said_at(word: &PostedWord, known: &KnownFact) -> DateTime<Utc> {
    word.said_at.unwrap_or(known.received_at)
}

/// Folds all words on a payment.
pub(super) fn standing<'a>(words: &[(&'a PostedWord, &'a KnownFact)]) -> Option<Standing<'a>> {
    let mut said: Vec<Said<'a>> = words.iter().map(|(word, known)| Said::of(word, known)).collect();
    // Only Stripe told of it, or what was posted has yet to come: the first change brings along what it was made from.
    if said.iter().all(|said| matches!(said.what, What::Change(_))) {
        let first = said.iter().min_by(|a, b| a.order().cmp(&b.order())).copied()?;
        said.push(Said { what: What::Before, at: first.conversion.occurred_at, revision: 0, ..first });
    }
    said.sort_by(|a, b| a.order().cmp(&b.order()));
    let first = said.first()?;
    let mut standing = Standing {
        conversion: said.iter().map(|said| said.conversion.conversion).min()?,
        kind: first.conversion.kind,
        value: None,
        base: None,
        currency: &first.conversion.currency,
        affiliate: None,
        referral_code: None,
        coupon_code: None,
        occurred_at: first.conversion.occurred_at,
        deleted: false,
        paid: Vec::new(),
        named_by: first.event,
        event: first.event,
    };
    for said in said {
        standing.hear(said);
    }
    Some(standing)
}

/// One word, with its time.
#[derive(Clone, Copy)]
struct Said<'a> {
    conversion: &'a PostedConversion,
    what: What<'a>,
    /// Its place among the words.
    at: DateTime<Utc>,
    accepted_at: DateTime<Utc>,
    revision: i64,
    event: &'a str,
}

#[derive(Clone, Copy)]
enum What<'a> {
    /// A conversion was posted.
    Post,
    /// All of it was said again: a change of before 2026-11.
    Again,
    /// What a change was made from.
    Before,
    /// Some of it was changed.
    Change(&'a ConversionChange),
}

impl<'a> Said<'a> {
    fn of(word: &'a PostedWord, known: &'a KnownFact) -> Self {
        let (revision, accepted_at) = (known.fact.rank, said_at(word, known));
        let what = match &word.change {
            Some(change) => What::Change(change),
            None if revision > 0 => What::Again,
            None => What::Post,
        };
        let happened = word.conversion.occurred_at;
        let at = if matches!(what, What::Post) { happened } else { accepted_at.max(happened) };
        Self { conversion: &word.conversion, what, at, accepted_at, revision, event: &known.fact.event }
    }

    fn order(&self) -> impl Ord + 'a {
        (self.at, self.conversion.payment.as_str(), self.conversion.conversion, self.revision)
    }
}

impl<'a> Standing<'a> {
    fn hear(&mut self, said: Said<'a>) {
        let Said { conversion, event, .. } = said;
        match said.what {
            // What a post leaves out it says nothing about: another one may have said it.
            What::Post | What::Before => {
                self.kind = conversion.kind;
                self.occurred_at = conversion.occurred_at;
                if let Some(value) = conversion.value {
                    self.value = Some((value, &conversion.currency));
                }
                self.base = conversion.base.or(self.base);
                if conversion.base.is_some() || (self.base.is_none() && conversion.value.is_some()) {
                    self.currency = &conversion.currency;
                }
                if conversion.affiliate.is_some() || conversion.referral_code.is_some() {
                    self.affiliate = conversion.affiliate;
                    self.referral_code = conversion.referral_code.as_deref();
                    self.named_by = event;
                }
                self.coupon_code = conversion.coupon_code.as_deref().or(self.coupon_code);
                self.deleted |= conversion.deleted;
                if conversion.paid && matches!(said.what, What::Post) {
                    self.paid.push(PaidWord { at: said.accepted_at, event });
                }
            }
            What::Again => {
                let value = conversion.value.map(|value| (value, conversion.currency.as_str()));
                *self = Self {
                    kind: conversion.kind,
                    value,
                    base: conversion.base,
                    currency: &conversion.currency,
                    affiliate: conversion.affiliate,
                    referral_code: conversion.referral_code.as_deref(),
                    coupon_code: conversion.coupon_code.as_deref(),
                    occurred_at: conversion.occurred_at,
                    deleted: self.deleted || conversion.deleted,
                    paid: std::mem::take(&mut self.paid),
                    named_by: event,
                    ..*self
                };
                // It repeats what had been said; only what differs is a word of its own.
                match (conversion.paid, self.paid.is_empty()) {
                    (true, true) => self.paid.push(PaidWord { at: said.accepted_at, event }),
                    (false, _) => self.paid.clear(),
                    (true, false) => {}
                }
            }
            What::Change(change) => self.change(change, said),
        }
    }

    fn change(&mut self, change: &'a ConversionChange, said: Said<'a>) {
        self.kind = change.kind.unwrap_or(self.kind);
        let currency = change.currency.as_deref().unwrap_or(self.currency);
        match change.value {
            Some(NamedValue::Minor(value)) => self.value = Some((value, currency)),
            Some(NamedValue::ByTheRules) => self.value = None,
            None => {}
        }
        self.base = change.base.or(self.base);
        self.currency = currency;
        if let Some(coupon) = &change.coupon_code {
            self.coupon_code = Some(coupon);
        }
        match change.paid {
            Some(true) => self.paid.push(PaidWord { at: said.accepted_at, event: said.event }),
            Some(false) => self.paid.clear(),
            None => {}
        }
        self.deleted |= change.deleted;
    }
}
