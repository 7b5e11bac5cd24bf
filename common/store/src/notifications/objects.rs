//! Objects as REST gives them, for `data`. A test of the API holds the two together.

use crate::affiliates::{Affiliate, Earnings, Figures};
use crate::conversions::{Conversion, kind_as_str};
use crate::customers::Customer;
use crate::payouts::{Payout, State};
use crate::{StoreError, decode};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::money::{Currency, Money};
use serde::Serialize;
use serde_json::{Number, Value};

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An amount as an exact JSON number with the currency's decimals.
fn number(money: Money) -> Result<Number, StoreError> {
    money.to_decimal().parse().map_err(decode)
}

fn json(object: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(object).map_err(decode)
}

#[derive(Serialize)]
struct ConversionObject<'a> {
    id: i64,
    project_id: i64,
    r#type: &'static str,
    value: Number,
    base_value: Number,
    base_value_currency: String,
    affiliate_id: Option<i64>,
    referred_user_id: Option<i64>,
    referral_code: Option<&'a str>,
    coupon_code_used: Option<&'a str>,
    reference: Option<&'a str>,
    paid: bool,
    url: Option<&'a str>,
    created_at: String,
    status: &'static str,
    refunded_value: Number,
    release_date: Option<String>,
    source: &'a str,
    attribution: Option<&'a Value>,
}

/// A conversion.
pub(crate) fn conversion(conversion: &Conversion) -> Result<String, StoreError> {
    let earned = conversion.commission;
    let net = Money { minor: earned.minor.saturating_sub(conversion.clawed_back.minor), ..earned };
    json(&ConversionObject {
        id: conversion.id.0,
        project_id: conversion.project.0,
        r#type: kind_as_str(conversion.kind),
        value: number(net)?,
        base_value: number(conversion.base)?,
        base_value_currency: conversion.base.currency.to_string(),
        affiliate_id: conversion.affiliate.map(|id| id.0),
        referred_user_id: conversion.customer.map(|id| id.0),
        referral_code: conversion.referral_code.as_deref(),
        coupon_code_used: conversion.coupon_code.as_deref(),
        reference: conversion.reference.as_deref(),
        paid: conversion.paid,
        url: conversion.url.as_deref(),
        created_at: time(conversion.occurred_at),
        status: conversion.status.as_str(),
        refunded_value: number(conversion.clawed_back)?,
        release_date: conversion.release_at.map(time),
        source: &conversion.source,
        attribution: conversion.attribution.as_ref(),
    })
}

#[derive(Serialize)]
struct ReferralObject<'a> {
    id: i64,
    user_email: Option<&'a str>,
    conversion_status: &'static str,
    conversion_date: Option<String>,
    created_at: String,
    affiliate_id: Option<i64>,
    affiliate_code: Option<&'a str>,
    stripe_customer_id: Option<&'a str>,
    external_id: Option<&'a str>,
    attribution: Option<&'a Value>,
}

/// A referral.
pub(crate) fn referral(customer: &Customer) -> Result<String, StoreError> {
    json(&ReferralObject {
        id: customer.id.0,
        user_email: customer.user_email.as_deref(),
        conversion_status: customer.status.as_str(),
        conversion_date: customer.converted_at.map(time),
        created_at: time(customer.first_seen_at),
        affiliate_id: customer.affiliate.map(|id| id.0),
        affiliate_code: customer.referral_code.as_deref(),
        stripe_customer_id: customer.stripe_customer_id.as_deref(),
        external_id: customer.external_id.as_deref(),
        attribution: customer.attribution.as_ref(),
    })
}

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
pub(crate) fn affiliate(affiliate: &Affiliate, figures: &Figures) -> Result<String, StoreError> {
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

#[derive(Serialize)]
struct PayoutObject<'a> {
    id: i64,
    project_id: i64,
    batch_id: i64,
    affiliate_id: i64,
    affiliate_email: &'a str,
    currency: String,
    amount: String,
    conversions: i64,
    moved_since: String,
    status: &'static str,
    created_at: String,
    paid_at: Option<String>,
    reference: Option<&'a str>,
    canceled_at: Option<String>,
    reason: Option<&'a str>,
    closed_by: Option<&'a str>,
}

/// A payout.
pub(crate) fn payout(payout: &Payout) -> Result<String, StoreError> {
    let mut object = PayoutObject {
        id: payout.id.0,
        project_id: payout.realm.project.0,
        batch_id: payout.batch.0,
        affiliate_id: payout.affiliate.0,
        affiliate_email: &payout.email,
        currency: payout.amount.currency.to_string(),
        amount: payout.amount.to_decimal(),
        conversions: payout.items,
        moved_since: payout.moved_since.to_decimal(),
        status: payout.state.as_str(),
        created_at: time(payout.created_at),
        paid_at: None,
        reference: None,
        canceled_at: None,
        reason: None,
        closed_by: None,
    };
    match &payout.state {
        State::Open => {}
        State::Paid { at, reference, by } => {
            object.paid_at = Some(time(*at));
            object.reference = Some(reference);
            object.closed_by = Some(by);
        }
        State::Canceled { at, by, reason } => {
            object.canceled_at = Some(time(*at));
            object.reason = Some(reason);
            object.closed_by = Some(by);
        }
    }
    json(&object)
}
