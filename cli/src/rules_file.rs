//! Rules in a file, in words that people write: TOML or JSON (docs/RULES.md).
//!
//! What `project show --json` prints of a version of the rules is such a file again.

#[cfg(test)]
mod page;

use anyhow::{Context, ensure};
use domain::{
    code::FoldedCode,
    ids::AffiliateId,
    money::{Currency, Money},
    rules::{
        Category, Commission, DEFAULT_BACK_BIND_DAYS, DEFAULT_WINDOW_DAYS, Membership, Rules, SelfReferral,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The file. Commissions are written `20%` or `15.00usd`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesFile {
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

/// Reads a file whose rules make sense.
pub(crate) fn read(path: &Path) -> anyhow::Result<Rules> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} holds no rules", path.display()))
}

/// Reads the text of a file.
pub(crate) fn parse(text: &str) -> anyhow::Result<Rules> {
    let file: RulesFile =
        if text.trim_start().starts_with('{') { serde_json::from_str(text)? } else { toml::from_str(text)? };
    let rules = file.rules()?;
    rules.check()?;
    Ok(rules)
}

impl RulesFile {
    fn rules(self) -> anyhow::Result<Rules> {
        let first = self.first_commission.map(|text| commission("first_commission", &text));
        let category = |one: CategoryEntry| {
            let commission = commission(&format!("category {}", one.name), &one.commission)?;
            Ok(Category { name: one.name, products: one.products, prices: one.prices, commission })
        };
        let products = self.products.into_iter().map(category).collect::<anyhow::Result<_>>()?;
        Ok(Rules {
            commission: commission("commission", &self.commission)?,
            first_commission: first.transpose()?,
            recurring: self.recurring.parse().context("recurring")?,
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
        })
    }
}

fn commission(place: &str, text: &str) -> anyhow::Result<Commission> {
    text.parse().with_context(|| place.to_owned())
}

fn codes(written: BTreeMap<String, String>) -> anyhow::Result<BTreeMap<FoldedCode, Commission>> {
    let mut codes = BTreeMap::new();
    for (code, rate) in written {
        let rate = commission(&format!("code {code}"), &rate)?;
        let folded = FoldedCode::new(&code).context("codes: a code is empty")?;
        let twice = codes.insert(folded, rate).is_some();
        ensure!(!twice, "codes: {code:?} is there twice: upper and lower case make no difference");
    }
    Ok(codes)
}

fn memberships(entry: &str, written: Vec<MembershipEntry>) -> anyhow::Result<Vec<Membership>> {
    let read = |one: MembershipEntry| {
        let commission = commission(&format!("{entry} {}", one.name), &one.commission)?;
        Ok(Membership { name: one.name, affiliates: one.affiliates, commission })
    };
    written.into_iter().map(read).collect()
}

/// An amount such as `100.00usd`.
fn amount(text: &str) -> anyhow::Result<Money> {
    let form = || format!("max_commission: {text:?} is no amount such as \"100.00usd\"");
    let text = text.trim();
    let split = text.len().checked_sub(3).and_then(|at| text.split_at_checked(at));
    let (amount, currency) = split.with_context(form)?;
    Money::parse(amount, Currency::parse(currency).with_context(form)?).context("max_commission")
}

impl From<&Rules> for RulesFile {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field, as docs/RULES.md shows it.
    const FULL: &str = include_str!("../tests/data/rules.toml");

    fn reason(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = parse("commission = \"15.00usd\"\nrecurring = \"12-months\"\nhold_days = 30").unwrap();
        let json = parse(r#"{"commission": "15.00usd", "recurring": "12-months", "hold_days": 30}"#).unwrap();
        assert_eq!(toml, json);
        assert_eq!(toml.window_days, 60);
    }

    #[test]
    fn what_is_shown_of_rules_can_be_fed_back() {
        let rules = parse(FULL).unwrap();
        assert_eq!(rules.commissions().count(), 8);
        let shown = serde_json::to_string(&RulesFile::from(&rules)).unwrap();
        assert_eq!(parse(&shown).unwrap(), rules);
        let toml = toml::to_string(&RulesFile::from(&rules)).unwrap();
        assert_eq!(parse(&toml).unwrap(), rules);
        let least = parse("commission = \"20%\"").unwrap();
        let shown = serde_json::to_value(RulesFile::from(&least)).unwrap();
        assert_eq!(parse(&shown.to_string()).unwrap(), least);
        assert_eq!(shown["recurring"], "all");
    }

    #[test]
    fn a_mistake_is_named() {
        assert!(reason("commision = \"20%\"").contains("commision"));
        assert!(reason("commission = \"20\"").starts_with("commission: "));
        let full = |from: &str, to: &str| reason(&FULL.replace(from, to));
        assert!(full("30%", "130%").starts_with("category Books: "));
        assert!(full("100.00usd", "100").starts_with("max_commission: \"100\" is no amount"));
        assert!(full("100.00usd", "100.001usd").starts_with("max_commission: 100.001 has more decimals"));
        assert!(full("LAUNCH =", "launch = \"1%\"\nLAUNCH =").contains("is there twice"));
        assert!(full("prod_handbook", "handbook").contains("\"handbook\" is no product"));
        assert!(full("max_payments = 24", "max_payments = 0").contains("at least 1"));
    }
}
