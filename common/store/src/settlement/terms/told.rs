//! What the statement tells, as JSON. Times are microseconds: as text, the database writes those before our era in a way that nobody
//! else reads.

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use chrono::{DateTime, Utc};
use domain::directory::AddressRole;
use domain::rules::{Commission, Rules};
use serde::Deserialize;

/// One thing that it tells.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", content = "told", rename_all = "snake_case")]
pub(super) enum Told {
    /// A version of a programme's rules.
    Rules(Box<ToldRules>),
    /// A referral code.
    Code(ToldCode),
    /// A click.
    Click(ToldClick),
    /// A coupon.
    Coupon(ToldCoupon),
    /// An affiliate.
    Affiliate(Box<ToldAffiliate>),
    /// That the commission of a payment was paid out.
    PaidOut(ToldPaidOut),
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldRules {
    pub(super) project_id: i64,
    pub(super) id: i64,
    #[serde(with = "ts_microseconds_option")]
    pub(super) valid_from: Option<DateTime<Utc>>,
    pub(super) rules: Rules,
    #[serde(with = "ts_microseconds_option")]
    pub(super) payable_from: Option<DateTime<Utc>>,
    #[serde(with = "ts_microseconds_option")]
    pub(super) rules_as_of: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldCode {
    pub(super) project_id: i64,
    pub(super) livemode: bool,
    pub(super) affiliate_id: i64,
    pub(super) code: String,
    pub(super) code_folded: String,
    #[serde(with = "ts_microseconds")]
    pub(super) created_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldClick {
    pub(super) project_id: i64,
    pub(super) livemode: bool,
    pub(super) affiliate_id: i64,
    pub(super) click_id: String,
    pub(super) code: String,
    #[serde(with = "ts_microseconds")]
    pub(super) occurred_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldCoupon {
    pub(super) project_id: i64,
    pub(super) livemode: bool,
    pub(super) affiliate_id: i64,
    pub(super) id: i64,
    /// The coupon that this is, or was.
    pub(super) coupon: i64,
    pub(super) coupon_code: String,
    pub(super) code_folded: String,
    pub(super) stripe_coupon_id: Option<String>,
    pub(super) stripe_promotion_code_id: Option<String>,
    #[serde(with = "ts_microseconds")]
    pub(super) created_at: DateTime<Utc>,
    #[serde(with = "ts_microseconds_option")]
    pub(super) deleted_at: Option<DateTime<Utc>>,
    pub(super) suspensions: Vec<ToldPeriod>,
    /// Promotion codes that Stripe says are called like it.
    pub(super) twins: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldAffiliate {
    pub(super) id: i64,
    pub(super) project_id: i64,
    pub(super) livemode: bool,
    pub(super) referral_code: String,
    #[serde(with = "ts_microseconds")]
    pub(super) created_at: DateTime<Utc>,
    #[serde(with = "ts_microseconds_option")]
    pub(super) closed_at: Option<DateTime<Utc>>,
    pub(super) user_email: String,
    /// JSON, which people may have nested deeper than it could be read in here.
    pub(super) payout_preferences: Option<String>,
    pub(super) addresses: Vec<ToldAddress>,
    pub(super) codes: Vec<ToldOwnCode>,
    pub(super) suspensions: Vec<ToldPeriod>,
    pub(super) commissions: Vec<ToldCommission>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldAddress {
    pub(super) email: String,
    #[serde(with = "ts_microseconds_option")]
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) role: Role,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Contact,
    Payout,
}

impl From<Role> for AddressRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Contact => Self::Contact,
            Role::Payout => Self::Payout,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldOwnCode {
    pub(super) code: String,
    #[serde(with = "ts_microseconds_option")]
    pub(super) since: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldPeriod {
    #[serde(with = "ts_microseconds_option")]
    pub(super) from: Option<DateTime<Utc>>,
    #[serde(with = "ts_microseconds_option")]
    pub(super) until: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldCommission {
    pub(super) id: i64,
    #[serde(with = "ts_microseconds_option")]
    pub(super) valid_from: Option<DateTime<Utc>>,
    pub(super) commission: Option<Commission>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToldPaidOut {
    pub(super) project_id: i64,
    pub(super) livemode: bool,
    pub(super) payment_key: String,
    #[serde(with = "ts_microseconds")]
    pub(super) left_at: DateTime<Utc>,
}
