//! Fields that nobody reads: most are misspelt, and what was meant would be lost in silence.

use crate::error::Detail;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;
use utoipa::ToSchema;

/// The most that are named; a body of thousands is not misspelt.
const MOST: usize = 20;
/// How much of a name is repeated, in characters.
const MOST_OF_NAME: usize = 64;
/// From this likeness on, 1 being equal, one name is taken for another.
const ALIKE: f64 = 0.84;
/// The likeness of a name that holds the other, such as `amount_cents` and `amount`.
const HOLDS: f64 = 0.9;

/// What a caller should know about a request that was done all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    pub(super) fn of(unknown: &[UnknownField]) -> Self {
        Self(unknown.iter().map(UnknownField::to_string).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A field that the call does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnknownField {
    name: String,
    nearest: Option<String>,
}

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, nearest } = self;
        match nearest {
            Some(nearest) => write!(f, "unknown field {name}: did you mean {nearest}?"),
            None => write!(f, "unknown field {name}"),
        }
    }
}

impl From<UnknownField> for Detail {
    fn from(unknown: UnknownField) -> Self {
        Self { message: unknown.to_string(), field: unknown.name }
    }
}

/// The fields that are not among the known ones, null or not.
pub(super) fn unknown(values: &Map<String, Value>, known: &BTreeSet<String>) -> Vec<UnknownField> {
    let unknown = values.keys().filter(|name| !known.contains(*name)).take(MOST);
    unknown
        .map(|name| {
            let name: String = name.chars().take(MOST_OF_NAME).collect();
            UnknownField { nearest: nearest(&name, known), name }
        })
        .collect()
}

/// The known name that is most like this one, if any is.
fn nearest(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let bare = letters(name);
    let alike = known.iter().map(|known| (likeness(&bare, &letters(known)), known));
    let best =
        alike.filter(|(likeness, _)| *likeness >= ALIKE).max_by(|one, other| one.0.total_cmp(&other.0));
    best.map(|(_, known)| known.clone())
}

/// Without what `customerEmail`, `customer-email` and `customer_email` differ in.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Between 0 and 1: what two names have in common.
fn likeness(one: &str, other: &str) -> f64 {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let alike = strsim::jaro_winkler(one, other);
    // Of three letters on, a part of a name is no chance.
    if short.len() > 2 && long.contains(short) { alike.max(HOLDS) } else { alike }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_CONVERSIONS: [&str; 18] = [
        "type",
        "value",
        "base_value",
        "base_value_currency",
        "affiliate_id",
        "referral_code",
        "referred_user_id",
        "email",
        "stripe_customer_id",
        "external_id",
        "reference",
        "coupon_code_used",
        "paid",
        "url",
        "occurred_at",
        "amount",
        "currency",
        "customer_email",
    ];

    fn nearest_of_conversion(name: &str) -> Option<String> {
        nearest(name, &OF_CONVERSIONS.map(str::to_owned).into())
    }

    #[test]
    fn the_nearest_known_field_is_told() {
        for (written, meant) in [
            ("customerEmail", "customer_email"),
            ("Customer-Email", "customer_email"),
            ("amount_cents", "amount"),
            ("ammount", "amount"),
            ("emial", "email"),
            ("e-mail", "email"),
            ("user_email", "email"),
            ("baseValue", "base_value"),
            ("referralCode", "referral_code"),
            ("refferal_code", "referral_code"),
            ("affiliateId", "affiliate_id"),
            ("affiliate", "affiliate_id"),
            ("stripeCustomer", "stripe_customer_id"),
            ("coupon", "coupon_code_used"),
            ("curency", "currency"),
            ("occured_at", "occurred_at"),
        ] {
            assert_eq!(nearest_of_conversion(written).as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn what_is_like_nothing_has_no_nearest() {
        for written in ["", "x", "id", "metadata", "ip_address", "日本", "plan", "-"] {
            assert_eq!(nearest_of_conversion(written), None, "{written}");
        }
    }

    #[test]
    fn a_flood_of_them_is_cut() {
        let known = BTreeSet::from(["email".to_owned()]);
        let flood = (0..1_000).map(|n| (format!("{n}{}", "x".repeat(1_000)), Value::Null)).collect();
        let unknown = unknown(&flood, &known);
        assert_eq!(unknown.len(), MOST);
        assert!(unknown.iter().all(|unknown| unknown.name.chars().count() == MOST_OF_NAME));
    }
}
