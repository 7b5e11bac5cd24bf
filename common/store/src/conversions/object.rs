//! A conversion as REST gives it, for notifications.

use super::Conversion;
use crate::StoreError;
use crate::notifications::{json, number, time};
use domain::money::Money;
use serde::Serialize;
use serde_json::{Number, Value};

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
    source: &'static str,
    attribution: Option<&'a Value>,
}

/// A conversion.
pub(crate) fn object(conversion: &Conversion) -> Result<String, StoreError> {
    let earned = conversion.commission;
    let net = Money { minor: earned.minor.saturating_sub(conversion.clawed_back.minor), ..earned };
    json(&ConversionObject {
        id: conversion.id.0,
        project_id: conversion.project.0,
        r#type: conversion.kind.as_str(),
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
        source: conversion.source.as_str(),
        attribution: conversion.attribution.as_ref(),
    })
}
