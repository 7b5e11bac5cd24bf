//! An affiliate as REST gives it, for notifications.

use super::{Affiliate, Earnings, Figures};
use crate::StoreError;
use crate::notifications::{json, time};
use domain::money::{Currency, Money};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct AffiliateObject<'a> {
    id: i64,
    user_email: &'a str,
    referral_code: &'a str,
    partner_slug: Option<&'a str>,
    status: &'static str,
    clicks: i64,
    signups: i64,
    purchases: i64,
    unpaid_earnings: String,
    total_earnings: String,
    eligible_earnings: String,
    held_earnings: String,
    next_release_date: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    currency: String,
    earnings: Vec<EarningsObject>,
    payout_preferences: Option<&'a Value>,
    commission: Option<String>,
}

#[derive(Serialize)]
struct EarningsObject {
    currency: String,
    unpaid_earnings: String,
    total_earnings: String,
    eligible_earnings: String,
    held_earnings: String,
    next_release_date: Option<String>,
}

impl From<&Earnings> for EarningsObject {
    fn from(earnings: &Earnings) -> Self {
        Self {
            currency: earnings.total.currency.to_string(),
            unpaid_earnings: earnings.unpaid.to_decimal(),
            total_earnings: earnings.total.to_decimal(),
            eligible_earnings: earnings.eligible.to_decimal(),
            held_earnings: earnings.held.to_decimal(),
            next_release_date: earnings.next_release_at.map(time),
        }
    }
}

/// An affiliate.
pub(crate) fn object(affiliate: &Affiliate, figures: &Figures) -> Result<String, StoreError> {
    // The currency of most conversions, the first of several by its code.
    let most = figures.earnings.iter().rev().max_by_key(|earnings| earnings.conversions);
    let nothing = Money { minor: 0, currency: Currency::USD }.to_decimal();
    let of =
        |amount: fn(&Earnings) -> Money| most.map_or_else(|| nothing.clone(), |it| amount(it).to_decimal());
    json(&AffiliateObject {
        id: affiliate.id.0,
        user_email: &affiliate.user_email,
        referral_code: &affiliate.referral_code,
        partner_slug: affiliate.partner_slug.as_deref(),
        status: affiliate.standing().as_str(),
        clicks: figures.clicks,
        signups: figures.signups,
        purchases: figures.purchases,
        unpaid_earnings: of(|it| it.unpaid),
        total_earnings: of(|it| it.total),
        eligible_earnings: of(|it| it.eligible),
        held_earnings: of(|it| it.held),
        next_release_date: figures.earnings.iter().filter_map(|it| it.next_release_at).min().map(time),
        created_at: time(affiliate.created_at),
        closed_at: affiliate.closed_at.map(time),
        currency: most.map_or(Currency::USD, |it| it.total.currency).to_string(),
        earnings: figures.earnings.iter().map(EarningsObject::from).collect(),
        payout_preferences: affiliate.payout_preferences.as_ref(),
        commission: affiliate.commission.map(|commission| commission.to_string()),
    })
}
