//! A conversion as clients see it.

use crate::answer::{ExactNumber, timestamp};
use crate::openapi::values::{ConversionSourceWord, ConversionStatusWord, ConversionTypeWord};
use crate::routes::attribution::Attribution;
use ::store::conversions as store;
use domain::money::Money;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A signup or a payment, and what it earns.
#[derive(Serialize, ToSchema)]
pub(crate) struct Conversion {
    id: i64,
    project_id: i64,
    /// `signup` or `purchase`.
    #[schema(value_type = ConversionTypeWord)]
    r#type: &'static str,
    /// The commission as it stands now, net of what was taken back.
    #[schema(value_type = f64, example = 9.8)]
    value: ExactNumber,
    /// The sale, before tax.
    #[schema(value_type = f64, example = 49.0)]
    base_value: ExactNumber,
    /// ISO 4217, lower case.
    #[schema(example = "usd")]
    base_value_currency: String,
    /// Who earns; null when nobody does.
    affiliate_id: Option<i64>,
    /// The referral it belongs to.
    referred_user_id: Option<i64>,
    /// The code that attributed it.
    referral_code: Option<String>,
    coupon_code_used: Option<String>,
    /// The caller's own reference, or the payment's key at Stripe.
    reference: Option<String>,
    /// Paid out.
    paid: bool,
    url: Option<String>,
    /// When it happened.
    #[schema(format = DateTime)]
    created_at: String,
    /// `pending` until it is settled, then the verdict.
    #[schema(value_type = ConversionStatusWord)]
    status: &'static str,
    /// What was taken back after refunds.
    #[schema(value_type = f64, example = 0.0)]
    refunded_value: ExactNumber,
    /// When it may be paid out.
    #[schema(format = DateTime)]
    release_date: Option<String>,
    /// Who told of it first.
    #[schema(value_type = ConversionSourceWord)]
    source: &'static str,
    /// How it was attributed, and where that was read.
    #[schema(value_type = Option<Attribution>)]
    attribution: Option<Value>,
}

impl From<store::Conversion> for Conversion {
    fn from(conversion: store::Conversion) -> Self {
        let earned = conversion.commission;
        let net = earned.minor.saturating_sub(conversion.clawed_back.minor);
        Self {
            id: conversion.id.0,
            project_id: conversion.project.0,
            r#type: conversion.kind.as_str(),
            value: ExactNumber(Money { minor: net, ..earned }),
            base_value: ExactNumber(conversion.base),
            base_value_currency: conversion.base.currency.to_string(),
            affiliate_id: conversion.affiliate.map(|id| id.0),
            referred_user_id: conversion.customer.map(|id| id.0),
            referral_code: conversion.referral_code,
            coupon_code_used: conversion.coupon_code,
            reference: conversion.reference,
            paid: conversion.paid,
            url: conversion.url,
            created_at: timestamp(conversion.occurred_at),
            status: conversion.status.as_str(),
            refunded_value: ExactNumber(conversion.clawed_back),
            release_date: conversion.release_at.map(timestamp),
            source: conversion.source.as_str(),
            attribution: conversion.attribution,
        }
    }
}
