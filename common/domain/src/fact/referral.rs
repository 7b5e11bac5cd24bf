//! Referrals registered over REST.

use super::CustomerIds;
use super::kind::{Holds, Kind};
use crate::ids::AffiliateId;
use crate::origin::Origin;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A referral registered over REST.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralRegistered {
    /// Who signed up.
    pub who: CustomerIds,
    /// The affiliate that the caller named.
    pub affiliate: Option<AffiliateId>,
    /// The code that the caller named.
    pub referral_code: Option<String>,
    /// When they signed up.
    pub occurred_at: DateTime<Utc>,
    /// The first registration of this referral, unless it is this one.
    #[serde(default)]
    pub first: Option<i64>,
    /// The caller says that they have paid.
    #[serde(default)]
    pub converted: bool,
}

impl Kind for ReferralRegistered {
    fn name(&self) -> &'static str {
        "referral"
    }

    fn origin(&self) -> Origin {
        Origin::Api
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        let named = match (&self.referral_code, self.affiliate) {
            (Some(code), _) => format!("with the code {code:?}"),
            (None, Some(affiliate)) => format!("for affiliate {affiliate}"),
            (None, None) => "without a code".to_owned(),
        };
        format!("registered as a referral {named}; no payment of theirs has come")
    }

    fn seen_at(&self, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.occurred_at)
    }

    fn is_an_act(&self) -> bool {
        true
    }

    fn emails(&self) -> [Option<&str>; 3] {
        [self.who.email.as_deref(), None, None]
    }

    fn codes(&self) -> [Option<&str>; 2] {
        [self.referral_code.as_deref(), None]
    }

    fn affiliate(&self) -> Option<AffiliateId> {
        self.affiliate
    }
}
