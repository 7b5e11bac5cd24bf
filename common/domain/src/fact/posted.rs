//! Conversions posted over REST.

use super::kind::{Holds, Kind};
use crate::ids::{AffiliateId, ConversionId};
use crate::key::Key;
use crate::origin::Origin;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One word of a caller of the REST API about a payment: a conversion was posted, changed or deleted.
///
/// A payment may have been posted under several of its ids, and each of these changed. All of its words are folded, by
/// their time, then by the key they name (in one order of all words); so it does not matter which came first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedWord {
    /// The conversion as its own caller left it. Of a change, what it was made from.
    #[serde(flatten)]
    pub conversion: PostedConversion,
    /// When it was accepted. Facts of before 2026-11 do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<DateTime<Utc>>,
    /// What a change says, and nothing else of it counts. `None`: the conversion was posted, or a change was accepted
    /// before 2026-11, which said all of it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ConversionChange>,
}

/// What a change of a conversion says. What is absent stays as the payment's other words have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversionChange {
    /// Signup or purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ConversionKind>,
    /// ISO 4217, lower case: that of the amounts, whenever there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Minor units of the sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<i64>,
    /// The commission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<NamedValue>,
    /// The coupon that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<String>,
    /// Whether it has been paid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
    /// Another name for its payment, beside those that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Key>,
    /// It was deleted, for good.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl ConversionChange {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The conversion with this change, as its own caller sees it.
    #[must_use]
    pub fn made_to(&self, conversion: PostedConversion) -> PostedConversion {
        PostedConversion {
            kind: self.kind.unwrap_or(conversion.kind),
            value: match self.value {
                Some(NamedValue::Minor(value)) => Some(value),
                Some(NamedValue::ByTheRules) => None,
                None => conversion.value,
            },
            base: self.base.or(conversion.base),
            currency: self.currency.clone().unwrap_or(conversion.currency),
            coupon_code: self.coupon_code.clone().or(conversion.coupon_code),
            paid: self.paid.unwrap_or(conversion.paid),
            deleted: self.deleted || conversion.deleted,
            ..conversion
        }
    }
}

/// What a caller says of a commission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedValue {
    /// It is so many minor units.
    Minor(i64),
    /// It is what the programme's rules make of the sale.
    ByTheRules,
}

/// A conversion posted over REST, as it stands after its latest revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedConversion {
    /// Its id, known before it is settled.
    pub conversion: ConversionId,
    /// Its payment key.
    pub payment: Key,
    /// Signup or purchase.
    pub kind: ConversionKind,
    /// Minor units of commission, when the caller named it.
    pub value: Option<i64>,
    /// Minor units of the sale.
    pub base: Option<i64>,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The affiliate that the caller named, by id or by code.
    pub affiliate: Option<AffiliateId>,
    /// The referral code that the caller named.
    pub referral_code: Option<String>,
    /// The coupon that the caller named.
    pub coupon_code: Option<String>,
    /// Who it concerns.
    pub who: CustomerIds,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The caller says that it has been paid out already.
    pub paid: bool,
    /// It was deleted: the ledger reverses it.
    pub deleted: bool,
}

/// Signup or purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionKind {
    /// A signup: a lead, usually without money.
    Signup,
    /// A payment collected.
    Purchase,
}

impl ConversionKind {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Signup, Self::Purchase];

    /// As tables and the REST API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Purchase => "purchase",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The identities by which a REST caller names a customer; any of them may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerIds {
    /// The address, as it was written.
    pub email: Option<String>,
    /// `cus_…`
    pub stripe_customer: Option<Key>,
    /// The SaaS company's own id.
    pub external_id: Option<String>,
}

impl Kind for PostedWord {
    fn name(&self) -> &'static str {
        "posted"
    }

    fn origin(&self) -> Origin {
        Origin::Api
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        let said = if self.change.is_some() { "was changed" } else { "was posted" };
        format!("conversion {} {said} as {}", self.conversion.conversion, self.conversion.payment)
    }

    fn has_versions(&self) -> bool {
        true
    }

    fn seen_at(&self, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.conversion.occurred_at)
    }

    fn is_an_act(&self) -> bool {
        true
    }

    fn emails(&self) -> [Option<&str>; 3] {
        [self.conversion.who.email.as_deref(), None, None]
    }

    fn amounts(&self) -> Vec<i64> {
        let named = self.change.iter().filter_map(|change| match change.value? {
            NamedValue::Minor(value) => Some(value),
            NamedValue::ByTheRules => None,
        });
        let changed = self.change.iter().filter_map(|change| change.base);
        self.conversion.value.into_iter().chain(self.conversion.base).chain(named).chain(changed).collect()
    }

    fn codes(&self) -> [Option<&str>; 2] {
        let changed = self.change.as_ref().and_then(|change| change.coupon_code.as_deref());
        [self.conversion.referral_code.as_deref(), changed.or(self.conversion.coupon_code.as_deref())]
    }

    fn affiliate(&self) -> Option<AffiliateId> {
        self.conversion.affiliate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::FactBody;

    #[test]
    fn a_posted_conversion_is_stored_and_read_back() {
        let conversion = PostedConversion {
            conversion: ConversionId(7),
            payment: Key::reference("order-1"),
            kind: ConversionKind::Purchase,
            value: Some(250),
            base: Some(1_050),
            currency: "usd".to_owned(),
            affiliate: Some(AffiliateId(3)),
            referral_code: None,
            coupon_code: None,
            who: CustomerIds::default(),
            occurred_at: DateTime::UNIX_EPOCH,
            paid: false,
            deleted: false,
        };
        let said_at = Some(DateTime::UNIX_EPOCH);
        let value = Some(NamedValue::ByTheRules);
        let change = ConversionChange { value, paid: Some(false), ..ConversionChange::default() };
        let posted = FactBody::Posted(PostedWord { conversion, said_at, change: Some(change) });
        let stored = serde_json::to_string(&posted).unwrap();
        assert_eq!(serde_json::from_str::<FactBody>(&stored).unwrap(), posted, "{stored}");
    }
}
