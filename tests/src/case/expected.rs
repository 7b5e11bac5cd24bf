//! What a payment of a case must come to.

use serde::Deserialize;
use store::overview::Overview;

/// A payment's outcome, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The referral code of who earns.
    pub code: Option<String>,
    /// The commission first earned, less what was taken back.
    pub value: i64,
    /// What of the commission was taken back.
    pub refunded: i64,
    /// What the commission is a share of.
    pub base: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// What of the commission is held; any when absent.
    pub held: Option<i64>,
    /// The API's status; any when absent.
    pub status: Option<String>,
}

impl Expected {
    /// What a payment came to, as far as this says something of it.
    #[must_use]
    pub fn of(&self, found: &Overview) -> Self {
        Self {
            code: found.affiliate.as_ref().and_then(|affiliate| affiliate.code.clone()),
            value: found.commission.minor.saturating_sub(found.taken_back.minor),
            refunded: found.taken_back.minor,
            base: found.base.minor,
            currency: found.base.currency.to_string(),
            held: self.held.map(|_| found.held.minor),
            status: self.status.as_ref().map(|_| found.status.clone()),
        }
    }
}
