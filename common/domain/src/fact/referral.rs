//! Referrals registered over REST.

use super::Who;
use crate::ids::AffiliateId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A referral registered over REST.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralRegistered {
    /// Who signed up.
    pub who: Who,
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
