//! Conversions posted over REST.

use crate::ids::{AffiliateId, ConversionId};
use crate::key::Key;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
    pub who: Who,
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

/// The identities by which a REST caller names a customer; any of them may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The address, as it was written.
    pub email: Option<String>,
    /// `cus_…`
    pub stripe_customer: Option<Key>,
    /// The SaaS company's own id.
    pub external_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::FactBody;

    #[test]
    fn a_posted_conversion_is_stored_and_read_back() {
        let posted = FactBody::Posted(PostedConversion {
            conversion: ConversionId(7),
            payment: Key::reference("order-1"),
            kind: ConversionKind::Purchase,
            value: Some(250),
            base: Some(1_050),
            currency: "usd".to_owned(),
            affiliate: Some(AffiliateId(3)),
            referral_code: None,
            coupon_code: None,
            who: Who::default(),
            occurred_at: DateTime::UNIX_EPOCH,
            paid: false,
            deleted: false,
        });
        let stored = serde_json::to_string(&posted).unwrap();
        assert_eq!(serde_json::from_str::<FactBody>(&stored).unwrap(), posted, "{stored}");
    }
}
