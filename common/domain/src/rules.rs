//! A programme's rules: what is paid, for how long, and when a code counts.

mod check;
mod commission;
mod groups;
mod recurring;

pub use check::InvalidRules;
pub use commission::{Commission, InvalidCommission};
pub use groups::{Category, Membership};
pub use recurring::{InvalidRecurring, Recurring};

use super::code::FoldedCode;
use super::ids::RuleId;
use super::money::Money;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::collections::BTreeMap;

/// One version of a programme's rules. Versions are never edited; a payment is judged by the one
/// in force at its own time (SEMANTICS 8).
///
/// Of several commissions that could be paid the first of these is: the affiliate's own, that of the
/// code, the category, the group, the tier, the programme's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// What a payment earns when nothing below says otherwise.
    pub commission: Commission,
    /// Takes the place of `commission` for a customer's first payment (SEMANTICS 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_commission: Option<Commission>,
    /// Which payments of a customer earn.
    #[serde(default)]
    pub recurring: Recurring,
    /// A customer's first so many payments earn; holds beside `recurring`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_payments: Option<u32>,
    /// Payments within so many calendar months of the first earn; holds beside `recurring`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_months: Option<u32>,
    /// By the coupon that bound the customer, else by the referral code that did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "folded")]
    pub codes: BTreeMap<FoldedCode, Commission>,
    /// By what was sold, line by line; the first category with the line's product or price counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Category>,
    /// By the affiliate's group; the first with the affiliate counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Membership>,
    /// By the affiliate's tier; the first with the affiliate counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Membership>,
    /// The most that one payment earns, for payments in that currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_commission: Option<Money>,
    /// Days from payment to release (SEMANTICS 14).
    #[serde(default)]
    pub hold_days: u32,
    /// Days from a click to the first bind (SEMANTICS 5).
    #[serde(default = "default_window_days")]
    pub window_days: u32,
    /// Days for which an unattributed payment waits for a mapping (SEMANTICS 3).
    #[serde(default = "default_back_bind_days")]
    pub back_bind_days: u32,
    /// What becomes of a commission that an affiliate earns on a purchase of their own
    /// (SEMANTICS 16).
    #[serde(default)]
    pub self_referral: SelfReferral,
    /// The switch of SEMANTICS 4: for the first bind, a coupon goes before metadata and
    /// `client_reference_id`.
    #[serde(default)]
    pub coupon_first: bool,
    /// Nothing is released before (SEMANTICS 14). It is the project's, whatever the version, and not stored with the rules.
    #[serde(skip)]
    pub payable_from: Option<DateTime<Utc>>,
}

impl Rules {
    /// Rules that say no more than what a payment earns: every payment does, without a hold.
    #[must_use]
    pub fn of(commission: Commission) -> Self {
        Self {
            commission,
            first_commission: None,
            recurring: Recurring::All,
            max_payments: None,
            max_months: None,
            codes: BTreeMap::new(),
            products: Vec::new(),
            groups: Vec::new(),
            tiers: Vec::new(),
            max_commission: None,
            hold_days: 0,
            window_days: DEFAULT_WINDOW_DAYS,
            back_bind_days: DEFAULT_BACK_BIND_DAYS,
            self_referral: SelfReferral::Hold,
            coupon_first: false,
            payable_from: None,
        }
    }

    /// Every commission that the rules name, with where they name it.
    pub fn commissions(&self) -> impl Iterator<Item = (String, Commission)> {
        let alone = [("commission", Some(self.commission)), ("first_commission", self.first_commission)];
        let alone = alone.into_iter().filter_map(|(name, rate)| Some((name.to_owned(), rate?)));
        let codes = self.codes.iter().map(|(code, rate)| (format!("code {code}"), *rate));
        let products = self.products.iter().map(|one| (format!("category {}", one.name), one.commission));
        let groups = self.groups.iter().map(|one| (format!("group {}", one.name), one.commission));
        let tiers = self.tiers.iter().map(|one| (format!("tier {}", one.name), one.commission));
        alone.chain(codes).chain(products).chain(groups).chain(tiers)
    }
}

/// What becomes of a commission on a purchase of one's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfReferral {
    /// It is held, for a person to look at.
    #[default]
    Hold,
    /// There is none.
    Reject,
}

/// `--window-days` when nothing is said.
pub const DEFAULT_WINDOW_DAYS: u32 = 60;
/// SEMANTICS 3.
pub const DEFAULT_BACK_BIND_DAYS: u32 = 30;

fn default_window_days() -> u32 {
    DEFAULT_WINDOW_DAYS
}

fn default_back_bind_days() -> u32 {
    DEFAULT_BACK_BIND_DAYS
}

/// Codes in any case.
fn folded<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeMap<FoldedCode, Commission>, D::Error> {
    let written: BTreeMap<String, Commission> = BTreeMap::deserialize(input)?;
    let fold = |(code, rate): (String, Commission)| {
        Ok((FoldedCode::new(&code).ok_or_else(|| D::Error::custom("a code is empty"))?, rate))
    };
    written.into_iter().map(fold).collect()
}

/// A version of the rules with its id and the time from which it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleVersion {
    /// Frozen on each conversion that it decides.
    pub id: RuleId,
    /// Payments from this event time on; `None` is "always" and belongs to the first version.
    pub valid_from: Option<DateTime<Utc>>,
    /// The rules.
    pub rules: Rules,
}

impl RuleVersion {
    /// The versions by which payments are judged when those before a time are judged by the one that is in force then; later ones
    /// hold from their own times.
    #[must_use]
    pub fn as_of(versions: Vec<Self>, at: DateTime<Utc>) -> Vec<Self> {
        let begins_by = |version: &Self| version.valid_from.is_none_or(|from| from <= at);
        let (past, mut kept): (Vec<_>, Vec<_>) = versions.into_iter().partition(begins_by);
        kept.extend(
            past.into_iter()
                .max_by_key(|version| version.valid_from)
                .map(|in_force| Self { valid_from: None, ..in_force }),
        );
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::BasisPoints;
    use serde_json::json;

    #[test]
    fn rules_that_were_stored_before_there_were_more_read_and_write_as_they_are() {
        let stored = json!({
            "commission": {"kind": "flat", "minor": 1_500, "currency": "usd", "capped_at_base": false},
            "recurring": {"months": 12}, "hold_days": 30, "window_days": 60, "back_bind_days": 30,
            "self_referral": "hold", "coupon_first": false
        });
        let rules: Rules = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(rules.recurring, Recurring::Months(12));
        assert_eq!((rules.first_commission, rules.products.len()), (None, 0));
        assert_eq!(serde_json::to_value(&rules).unwrap(), stored);
        let least = json!({"commission": {"kind": "percent", "basis_points": 2_000}});
        let rules: Rules = serde_json::from_value(least).unwrap();
        assert_eq!(rules, Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) }));
    }

    #[test]
    fn all_that_rules_can_say_has_one_stored_form() {
        let stored = json!({
            "commission": {"kind": "percent", "basis_points": 2_000},
            "first_commission": {"kind": "percent", "basis_points": 5_000},
            "recurring": "all", "max_payments": 6, "max_months": 12,
            "codes": {"launch": {"kind": "percent", "basis_points": 4_000}},
            "products": [{"name": "Books", "products": ["prod_1"], "prices": ["price_1"],
                          "commission": {"kind": "flat", "minor": 500, "currency": "usd", "capped_at_base": true}}],
            "groups": [{"name": "Partners", "affiliates": [7],
                        "commission": {"kind": "percent", "basis_points": 2_500}}],
            "tiers": [{"name": "Gold", "affiliates": [8, 9],
                       "commission": {"kind": "percent", "basis_points": 3_000}}],
            "max_commission": {"minor": 10_000, "currency": "usd"},
            "hold_days": 0, "window_days": 60, "back_bind_days": 30, "self_referral": "reject",
            "coupon_first": true
        });
        let rules: Rules = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(rules.check(), Ok(()));
        assert_eq!(serde_json::to_value(&rules).unwrap(), stored);
        assert_eq!(rules.commissions().count(), 6);
    }

    #[test]
    fn as_of_a_time_the_version_in_force_then_holds_for_all_before() {
        let day = |day: i64| DateTime::from_timestamp(day * 86_400, 0).unwrap();
        let version = |id, valid_from| RuleVersion {
            id: RuleId(id),
            valid_from,
            rules: Rules::of(Commission::Percent { basis_points: BasisPoints(100) }),
        };
        let versions = || vec![version(1, None), version(2, Some(day(10))), version(3, Some(day(20)))];
        let kept = |at| {
            let mut kept: Vec<_> =
                RuleVersion::as_of(versions(), at).into_iter().map(|v| (v.id.0, v.valid_from)).collect();
            kept.sort_unstable();
            kept
        };
        assert_eq!(kept(day(15)), [(2, None), (3, Some(day(20)))]);
        assert_eq!(kept(day(5)), [(1, None), (2, Some(day(10))), (3, Some(day(20)))]);
        assert_eq!(kept(day(30)), [(3, None)]);
    }
}
