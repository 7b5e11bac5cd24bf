//! The registry as the fold sees it: which code belongs to whom, and when it did not count.

use super::clock::not_after;
use super::code::FoldedCode;
use super::fact::{Fact, TouchMethod};
use super::ids::AffiliateId;
use super::key::Key;
use super::rules::Commission;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What the facts of a cluster mention, and so what has to be loaded for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Codes, coupon ids and promotion code ids, folded.
    pub values: BTreeSet<FoldedCode>,
    /// Affiliates named by id.
    pub affiliates: BTreeSet<AffiliateId>,
}

impl Mentions {
    /// Adds what one fact mentions.
    pub fn add(&mut self, fact: &Fact) {
        self.values.extend(mentioned(fact));
        self.affiliates.extend(fact.body.affiliate());
    }
}

/// The codes that a fact mentions, folded, with and without a `ref_` prefix.
#[must_use]
pub fn mentioned(fact: &Fact) -> Vec<FoldedCode> {
    let folded = fact.body.codes().filter_map(FoldedCode::new);
    folded.flat_map(|code| [code.without_ref_prefix(), Some(code)]).flatten().collect()
}

/// The codes and affiliates that a cluster's facts mention, as far as they exist.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Referral codes, also old ones.
    pub referral_codes: BTreeMap<FoldedCode, CodeOwner>,
    /// Coupons by the code that the customer types, also former ones, the oldest first.
    pub coupons_by_code: BTreeMap<FoldedCode, Vec<CodeOwner>>,
    /// Coupons by Stripe's coupon id, folded; several promotion codes may share one.
    pub coupons_by_stripe_coupon: BTreeMap<FoldedCode, Vec<CodeOwner>>,
    /// Coupons by Stripe's promotion code id, folded.
    pub coupons_by_promotion_code: BTreeMap<FoldedCode, Vec<CodeOwner>>,
    /// Clicks by their ids.
    pub clicks: BTreeMap<FoldedCode, Click>,
    /// Every affiliate that owns one of these, or is named by id.
    pub affiliates: BTreeMap<AffiliateId, Affiliate>,
    /// When the commission of a payment was first paid out, by the payment's key: nothing that becomes
    /// known of the affiliate later touches it (SEMANTICS 13, 16).
    pub paid_out: BTreeMap<Key, DateTime<Utc>>,
}

/// Whose code it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeOwner {
    /// The affiliate.
    pub affiliate: AffiliateId,
    /// The code as the affiliate writes it.
    pub code: String,
    /// When the mapping appeared.
    pub created_at: DateTime<Utc>,
    /// When the code itself did not count.
    pub inactive: Vec<Period>,
}

/// An affiliate, as far as attribution cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affiliate {
    /// The id.
    pub id: AffiliateId,
    /// The current referral code.
    pub referral_code: String,
    /// When the affiliate appeared.
    pub created_at: DateTime<Utc>,
    /// When none of the affiliate's codes counted.
    pub inactive: Vec<Period>,
    /// The address, as it was written.
    pub email: String,
    /// Every code that the affiliate called its own, from when it did.
    pub codes: Vec<OwnCode>,
    /// Every address that the affiliate ever had or was paid to.
    pub addresses: Vec<OwnAddress>,
    /// What the affiliate earns instead of the programme's commission, by the time from which it
    /// holds.
    pub commissions: Vec<OwnCommission>,
}

impl Affiliate {
    /// The code that was the affiliate's current one at a time: what a bind that names no code is rated by
    /// (SEMANTICS 8).
    #[must_use]
    pub fn code_at(&self, at: DateTime<Utc>) -> &str {
        let by_then = self.codes.iter().filter(|own| own.since.is_none_or(|since| not_after(since, at)));
        by_then.max_by_key(|own| own.since).map_or(&self.referral_code, |own| &own.code)
    }

    /// What the affiliate earns of a payment of that time, when it is not what the programme pays
    /// (SEMANTICS 8).
    #[must_use]
    pub fn commission_at(&self, at: DateTime<Utc>) -> Option<Commission> {
        let valid =
            self.commissions.iter().filter(|own| own.valid_from.is_none_or(|from| not_after(from, at)));
        valid.max_by_key(|own| (own.valid_from, own.version)).and_then(|own| own.commission)
    }
}

/// A code that an affiliate called its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCode {
    /// As it was written.
    pub code: String,
    /// From when it was the affiliate's current one; `None` is "always".
    pub since: Option<DateTime<Utc>>,
}

/// An address of an affiliate's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAddress {
    /// Trimmed and in lower case.
    pub email: String,
    /// From when it is known; `None` is "always".
    pub since: Option<DateTime<Utc>>,
    /// What it is, or was, to the affiliate.
    pub role: AddressRole,
}

/// What an address is to an affiliate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRole {
    /// The affiliate is reached there.
    Contact,
    /// The affiliate is paid there (`payout_preferences`).
    Payout,
}

/// A version of an affiliate's own commission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnCommission {
    /// Order of writing.
    pub version: i64,
    /// Payments from this event time on; `None` is "always".
    pub valid_from: Option<DateTime<Utc>>,
    /// `None` is back to the programme's.
    pub commission: Option<Commission>,
}

/// A click on an affiliate's link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// Whose link, and its code.
    pub owner: CodeOwner,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// A half-open span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// From then on; `None` is "always".
    pub from: Option<DateTime<Utc>>,
    /// Up to, without it; `None` while it lasts.
    pub until: Option<DateTime<Utc>>,
}

impl Period {
    /// Whether the time lies in the span.
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| not_after(from, at))
            && self.until.is_none_or(|until| !not_after(until, at))
    }
}

/// A code that was looked up, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Whose code it is.
    pub owner: &'a CodeOwner,
    /// Whether it is a coupon rather than a referral code.
    pub coupon: bool,
    /// When the link was clicked, if it was found by its click.
    pub clicked_at: Option<DateTime<Utc>>,
}

impl Directory {
    /// Looks up what a touch carried, as it was at a time.
    #[must_use]
    pub fn look_up(&self, method: TouchMethod, value: &str, at: DateTime<Utc>) -> Option<Found<'_>> {
        let code = FoldedCode::new(value)?;
        match method {
            TouchMethod::Metadata | TouchMethod::ClientReferenceId => {
                self.referral_code(&code).or_else(|| self.click(&code))
            }
            TouchMethod::PromotionCode => coupon(self.coupons_by_promotion_code.get(&code)?, at),
            TouchMethod::PromotionCodeText => coupon(self.coupons_by_code.get(&code)?, at),
            // A coupon whose Stripe id nobody has entered is often named like its code.
            TouchMethod::Coupon => {
                let coupons = &self.coupons_by_stripe_coupon;
                coupon(coupons.get(&code).or_else(|| self.coupons_by_code.get(&code))?, at)
            }
        }
    }

    /// Looks up a referral code, with or without a `ref_` prefix (SEMANTICS 4 d).
    #[must_use]
    pub fn referral_code(&self, code: &FoldedCode) -> Option<Found<'_>> {
        self.referral_codes
            .get(code)
            .or_else(|| code.without_ref_prefix().and_then(|code| self.referral_codes.get(&code)))
            .map(|owner| Found { owner, coupon: false, clicked_at: None })
    }

    /// Looks up a click, with or without a `ref_` prefix (SEMANTICS 4 d).
    fn click(&self, id: &FoldedCode) -> Option<Found<'_>> {
        let click = self.clicks.get(id);
        let click = click.or_else(|| id.without_ref_prefix().and_then(|id| self.clicks.get(&id)))?;
        Some(Found { owner: &click.owner, coupon: false, clicked_at: Some(click.at) })
    }
}

/// Of several coupons with one name, the one that counted at the time; else the first that has
/// appeared since; else any, to tell why it does not count.
fn coupon(coupons: &[CodeOwner], at: DateTime<Utc>) -> Option<Found<'_>> {
    let counts = |owner: &&CodeOwner| !owner.inactive.iter().any(|period| period.contains(at));
    let then = coupons.iter().filter(counts).find(|owner| not_after(owner.created_at, at));
    let owner = then.or_else(|| coupons.iter().find(counts)).or_else(|| coupons.first())?;
    Some(Found { owner, coupon: true, clicked_at: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day)
    }

    fn owner(affiliate: i64, from: i64, until: Option<i64>) -> CodeOwner {
        let deleted = until.map(|day| Period { from: Some(time(day)), until: None });
        CodeOwner {
            affiliate: AffiliateId(affiliate),
            code: "SAVE".to_owned(),
            created_at: time(from),
            inactive: deleted.into_iter().collect(),
        }
    }

    #[test]
    fn a_coupon_that_changed_hands_is_judged_by_the_time() {
        let coupons = vec![owner(1, 10, Some(20)), owner(2, 20, Some(30)), owner(3, 40, None)];
        let code = FoldedCode::new("save").unwrap();
        let directory = Directory { coupons_by_code: [(code, coupons)].into(), ..Directory::default() };
        let at = |day| {
            directory.look_up(TouchMethod::PromotionCodeText, "Save", time(day)).unwrap().owner.affiliate.0
        };
        assert_eq!((at(10), at(19), at(20), at(29), at(40), at(99)), (1, 1, 2, 2, 3, 3));
        assert_eq!(at(5), 1, "the first that appeared since");
        assert_eq!(at(35), 3, "nobody's then: it waits for the next");
    }
}
