//! Rules in words that people write: the fields of a rules file and of REST (docs/RULES.md).
//!
//! What is shown of a version of the rules can be fed back.

use domain::{
    code::FoldedCode,
    ids::AffiliateId,
    money::{Currency, Money},
    rules::{
        Category, Commission, DEFAULT_BACK_BIND_DAYS, DEFAULT_WINDOW_DAYS, Membership, Rules, SelfReferral,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Why rules make no sense: the place, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRules(String);

/// Rules in writing. Commissions are written `20%` or `15.00usd`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenRules {
    commission: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_commission: Option<String>,
    #[serde(default = "every_payment")]
    recurring: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_payments: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_months: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_commission: Option<String>,
    #[serde(default)]
    hold_days: u32,
    #[serde(default = "window_days")]
    window_days: u32,
    #[serde(default = "back_bind_days")]
    back_bind_days: u32,
    #[serde(default)]
    self_referral: SelfReferral,
    #[serde(default)]
    coupon_first: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    codes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    products: Vec<CategoryEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<MembershipEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tiers: Vec<MembershipEntry>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryEntry {
    name: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    products: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    prices: BTreeSet<String>,
    commission: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MembershipEntry {
    name: String,
    affiliates: BTreeSet<AffiliateId>,
    commission: String,
}

fn every_payment() -> String {
    "all".to_owned()
}

fn window_days() -> u32 {
    DEFAULT_WINDOW_DAYS
}

fn back_bind_days() -> u32 {
    DEFAULT_BACK_BIND_DAYS
}

impl WrittenRules {
    /// The rules, when they make sense.
    ///
    /// # Errors
    /// [`InvalidRules`], which names the place of the first mistake.
    pub fn rules(self) -> Result<Rules, InvalidRules> {
        let rules = self.read()?;
        rules.check().map_err(|error| InvalidRules(error.to_string()))?;
        Ok(rules)
    }

    fn read(self) -> Result<Rules, InvalidRules> {
        let first = self.first_commission.map(|text| commission("first_commission", &text));
        let category = |one: CategoryEntry| {
            let commission = commission(&format!("category {}", one.name), &one.commission)?;
            Ok(Category { name: one.name, products: one.products, prices: one.prices, commission })
        };
        let products = self.products.into_iter().map(category).collect::<Result<_, InvalidRules>>()?;
        Ok(Rules {
            commission: commission("commission", &self.commission)?,
            first_commission: first.transpose()?,
            recurring: self.recurring.parse().map_err(|error| at("recurring", error))?,
            max_payments: self.max_payments,
            max_months: self.max_months,
            codes: codes(self.codes)?,
            products,
            groups: memberships("group", self.groups)?,
            tiers: memberships("tier", self.tiers)?,
            max_commission: self.max_commission.as_deref().map(amount).transpose()?,
            hold_days: self.hold_days,
            window_days: self.window_days,
            back_bind_days: self.back_bind_days,
            self_referral: self.self_referral,
            coupon_first: self.coupon_first,
            // The project's, not the file's.
            payable_from: None,
        })
    }
}

fn at(place: &str, error: impl Display) -> InvalidRules {
    InvalidRules(format!("{place}: {error}"))
}

fn commission(place: &str, text: &str) -> Result<Commission, InvalidRules> {
    text.parse().map_err(|error| at(place, error))
}

fn codes(written: BTreeMap<String, String>) -> Result<BTreeMap<FoldedCode, Commission>, InvalidRules> {
    let mut codes = BTreeMap::new();
    for (code, rate) in written {
        let rate = commission(&format!("code {code}"), &rate)?;
        let folded = FoldedCode::new(&code).ok_or_else(|| at("codes", "a code is empty"))?;
        if codes.insert(folded, rate).is_some() {
            let twice = format!("{code:?} is there twice: upper and lower case make no difference");
            return Err(at("codes", twice));
        }
    }
    Ok(codes)
}

fn memberships(entry: &str, written: Vec<MembershipEntry>) -> Result<Vec<Membership>, InvalidRules> {
    let read = |one: MembershipEntry| {
        let commission = commission(&format!("{entry} {}", one.name), &one.commission)?;
        Ok(Membership { name: one.name, affiliates: one.affiliates, commission })
    };
    written.into_iter().map(read).collect()
}

/// An amount such as `100.00usd`.
fn amount(text: &str) -> Result<Money, InvalidRules> {
    let place = "max_commission";
    let form = || at(place, format!("{text:?} is no amount such as \"100.00usd\""));
    let text = text.trim();
    let split = text.len().checked_sub(3).and_then(|at| text.split_at_checked(at));
    let (amount, currency) = split.ok_or_else(form)?;
    let currency = Currency::parse(currency).map_err(|_| form())?;
    Money::parse(amount, currency).map_err(|error| at(place, error))
}

impl From<&Rules> for WrittenRules {
    fn from(rules: &Rules) -> Self {
        let category = |one: &Category| CategoryEntry {
            name: one.name.clone(),
            products: one.products.clone(),
            prices: one.prices.clone(),
            commission: one.commission.to_string(),
        };
        let membership = |one: &Membership| MembershipEntry {
            name: one.name.clone(),
            affiliates: one.affiliates.clone(),
            commission: one.commission.to_string(),
        };
        let code = |(code, rate): (&FoldedCode, &Commission)| (code.as_str().to_owned(), rate.to_string());
        Self {
            commission: rules.commission.to_string(),
            first_commission: rules.first_commission.map(|rate| rate.to_string()),
            recurring: rules.recurring.to_string(),
            max_payments: rules.max_payments,
            max_months: rules.max_months,
            max_commission: rules
                .max_commission
                .map(|most| format!("{}{}", most.to_decimal(), most.currency)),
            hold_days: rules.hold_days,
            window_days: rules.window_days,
            back_bind_days: rules.back_bind_days,
            self_referral: rules.self_referral,
            coupon_first: rules.coupon_first,
            codes: rules.codes.iter().map(code).collect(),
            products: rules.products.iter().map(category).collect(),
            groups: rules.groups.iter().map(membership).collect(),
            tiers: rules.tiers.iter().map(membership).collect(),
        }
    }
}
