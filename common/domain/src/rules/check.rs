//! Whether rules make sense.

use super::{Category, Commission, Membership, Recurring, Rules};
use crate::money::{BasisPoints, Money};
use std::collections::BTreeSet;

/// Rules that contradict themselves, or name what cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    /// A share beyond 100 %.
    #[error("{0}: a share is at most 100%")]
    Share(String),
    /// A negative amount.
    #[error("{0}: a commission is not negative")]
    Negative(String),
    /// A limit of nothing.
    #[error("{0}: a limit is at least 1; to pay nothing, let the commission be 0%")]
    NoLimit(&'static str),
    /// A limit that is given twice, differently.
    #[error("recurring = \"{recurring}\" and {limit} = {most} contradict each other: say one of them")]
    TwoLimits {
        /// As it stands.
        recurring: Recurring,
        /// `max_payments` or `max_months`.
        limit: &'static str,
        /// What that says.
        most: u32,
    },
    /// A cap that lets nothing through.
    #[error("max_commission: {0} is not more than nothing")]
    Cap(Money),
    /// No name.
    #[error("a {0} has no name")]
    NoName(&'static str),
    /// A name that several share.
    #[error("two {list} are called {name:?}")]
    SameName {
        /// Categories, groups or tiers.
        list: &'static str,
        /// The name.
        name: String,
    },
    /// Nothing of it can be sold.
    #[error("category {0:?} names neither a product nor a price")]
    EmptyCategory(String),
    /// Not an id of Stripe's.
    #[error("category {category:?}: {id:?} is no {kind}, which begins with {prefix}")]
    Id {
        /// Where it stands.
        category: String,
        /// As it was written.
        id: String,
        /// A product or a price.
        kind: &'static str,
        /// How such an id begins.
        prefix: &'static str,
    },
    /// Something that two entries of one list claim.
    #[error("{what} is in {first:?} and in {second:?}: only the first would count")]
    Twice {
        /// A product, a price or an affiliate.
        what: String,
        /// The entry that would count.
        first: String,
        /// The entry that would not.
        second: String,
    },
}

impl Rules {
    /// Whether the rules make sense. Those that are stored do: whoever writes rules asks first.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), InvalidRules> {
        for (place, commission) in self.commissions() {
            match commission {
                Commission::Percent { basis_points } if basis_points > BasisPoints::ONE => {
                    return Err(InvalidRules::Share(place));
                }
                Commission::Flat { minor, .. } if minor < 0 => return Err(InvalidRules::Negative(place)),
                Commission::Percent { .. } | Commission::Flat { .. } => {}
            }
        }
        if let Some(most) = self.max_commission.filter(|most| most.minor <= 0) {
            return Err(InvalidRules::Cap(most));
        }
        self.check_limits()?;
        check_categories(&self.products)?;
        check_members(&self.groups, "group", "groups")?;
        check_members(&self.tiers, "tier", "tiers")
    }

    fn check_limits(&self) -> Result<(), InvalidRules> {
        let (payments, months) = match self.recurring {
            Recurring::All => (None, None),
            Recurring::First => (Some(1), None),
            Recurring::Payments(most) => (Some(most), None),
            Recurring::Months(most) => (None, Some(most)),
        };
        if payments == Some(0) || months == Some(0) {
            return Err(InvalidRules::NoLimit("recurring"));
        }
        for (limit, also, most) in
            [("max_payments", payments, self.max_payments), ("max_months", months, self.max_months)]
        {
            let Some(most) = most else { continue };
            if most == 0 {
                return Err(InvalidRules::NoLimit(limit));
            }
            if also.is_some_and(|also| also != most) {
                return Err(InvalidRules::TwoLimits { recurring: self.recurring, limit, most });
            }
        }
        Ok(())
    }
}

fn check_categories(categories: &[Category]) -> Result<(), InvalidRules> {
    check_names(categories.iter().map(|category| &category.name), "category", "categories")?;
    for category in categories {
        if category.products.is_empty() && category.prices.is_empty() {
            return Err(InvalidRules::EmptyCategory(category.name.clone()));
        }
        let products = category.products.iter().map(|id| (id, "product", "prod_", is_id(id, &["prod_"])));
        let prices =
            category.prices.iter().map(|id| (id, "price", "price_", is_id(id, &["price_", "plan_"])));
        if let Some((id, kind, prefix, _)) = products.chain(prices).find(|(.., valid)| !valid) {
            let (category, id) = (category.name.clone(), id.clone());
            return Err(InvalidRules::Id { category, id, kind, prefix });
        }
    }
    check_apart(categories.iter().map(|one| (&one.name, one.products.iter().chain(&one.prices).cloned())))
}

fn check_members(
    memberships: &[Membership],
    entry: &'static str,
    list: &'static str,
) -> Result<(), InvalidRules> {
    check_names(memberships.iter().map(|membership| &membership.name), entry, list)?;
    let members = |one: &Membership| {
        let ids: Vec<String> = one.affiliates.iter().map(|id| format!("affiliate {id}")).collect();
        ids
    };
    check_apart(memberships.iter().map(|one| (&one.name, members(one).into_iter())))
}

fn check_names<'a>(
    names: impl Iterator<Item = &'a String>,
    entry: &'static str,
    list: &'static str,
) -> Result<(), InvalidRules> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.trim().is_empty() {
            return Err(InvalidRules::NoName(entry));
        }
        if !seen.insert(name) {
            return Err(InvalidRules::SameName { list, name: name.clone() });
        }
    }
    Ok(())
}

/// Nothing may stand in two entries of one list.
fn check_apart<'a, I: Iterator<Item = String>>(
    entries: impl Iterator<Item = (&'a String, I)>,
) -> Result<(), InvalidRules> {
    let mut owners = std::collections::BTreeMap::new();
    for (name, members) in entries {
        for what in members {
            if let Some(first) = owners.insert(what.clone(), name) {
                return Err(InvalidRules::Twice { what, first: first.clone(), second: name.clone() });
            }
        }
    }
    Ok(())
}

fn is_id(id: &str, prefixes: &[&str]) -> bool {
    let rest = prefixes.iter().find_map(|prefix| id.strip_prefix(prefix));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use serde_json::{Value, json};

    fn reason(change: Value) -> String {
        let mut rules = json!({"commission": {"kind": "percent", "basis_points": 2_000}});
        let Value::Object(change) = change else { panic!("{change}") };
        rules.as_object_mut().unwrap().extend(change);
        let rules: Rules = serde_json::from_value(rules).unwrap();
        rules.check().map_or_else(|reason| reason.to_string(), |()| "fine".to_owned())
    }

    fn percent(basis_points: u32) -> Value {
        json!({"kind": "percent", "basis_points": basis_points})
    }

    #[test]
    fn amounts_and_shares_have_their_bounds_wherever_they_stand() {
        assert_eq!(reason(json!({"first_commission": percent(10_000)})), "fine");
        assert_eq!(
            reason(json!({"first_commission": percent(10_001)})),
            "first_commission: a share is at most 100%"
        );
        let debt = json!({"kind": "flat", "minor": -1, "currency": "usd"});
        assert_eq!(reason(json!({"codes": {"ALICE": debt}})), "code alice: a commission is not negative");
        let cap = Money { minor: 0, currency: Currency::USD };
        assert_eq!(
            reason(json!({"max_commission": cap})),
            "max_commission: 0.00 USD is not more than nothing"
        );
    }

    #[test]
    fn limits_may_stand_side_by_side_but_not_contradict_each_other() {
        assert_eq!(reason(json!({"recurring": {"months": 12}, "max_payments": 6})), "fine");
        assert_eq!(reason(json!({"recurring": {"payments": 6}, "max_payments": 6})), "fine");
        assert_eq!(
            reason(json!({"recurring": {"payments": 6}, "max_payments": 3})),
            "recurring = \"6-payments\" and max_payments = 3 contradict each other: say one of them"
        );
        assert_eq!(
            reason(json!({"recurring": "first", "max_payments": 2})),
            "recurring = \"first\" and max_payments = 2 contradict each other: say one of them"
        );
        assert!(reason(json!({"max_months": 0})).starts_with("max_months: a limit is at least 1"));
        assert!(reason(json!({"recurring": {"months": 0}})).starts_with("recurring: a limit is at least 1"));
    }

    #[test]
    fn a_category_names_stripes_ids_and_none_twice() {
        let books = |products: Value, prices: Value| json!({"name": "Books", "products": products, "prices": prices, "commission": percent(1)});
        let of = |categories: Value| reason(json!({"products": categories}));
        assert_eq!(of(json!([books(json!(["prod_1"]), json!(["price_1", "plan_1"]))])), "fine");
        assert_eq!(
            of(json!([books(json!(["price_1"]), json!([]))])),
            "category \"Books\": \"price_1\" is no product, which begins with prod_"
        );
        assert_eq!(
            of(json!([books(json!([]), json!(["Premium"]))])),
            "category \"Books\": \"Premium\" is no price, which begins with price_"
        );
        assert!(of(json!([books(json!([]), json!([]))])).contains("neither a product nor a price"));
        assert!(
            of(json!([books(json!(["prod_1"]), json!([])), books(json!(["prod_2"]), json!([]))]))
                .starts_with("two categories are called")
        );
        let mut other = books(json!(["prod_1"]), json!([]));
        other["name"] = json!("Other");
        assert_eq!(
            of(json!([books(json!(["prod_1"]), json!([])), other])),
            "prod_1 is in \"Books\" and in \"Other\": only the first would count"
        );
    }

    #[test]
    fn an_affiliate_is_in_one_group_and_in_one_tier() {
        let of = |name: &str, ids: Value| json!({"name": name, "affiliates": ids, "commission": percent(1)});
        let both = json!({"groups": [of("A", json!([7]))], "tiers": [of("A", json!([7]))]});
        assert_eq!(reason(both), "fine");
        let twice = json!({"tiers": [of("Silver", json!([7, 8])), of("Gold", json!([8]))]});
        assert_eq!(reason(twice), "affiliate 8 is in \"Silver\" and in \"Gold\": only the first would count");
        assert_eq!(reason(json!({"groups": [of(" ", json!([]))]})), "a group has no name");
    }
}
