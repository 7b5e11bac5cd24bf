//! A row as it stands, and as it should be.

use crate::StoreError;
use crate::settlement::{
    cause::Cause,
    story::Story,
    written::{Amounts, Written},
};
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, ClusterId, ConversionId, CustomerId};
use domain::key::Key;
use domain::settle::{Conversion, ConversionStatus};

/// A row as it stands, or should, but for its story.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) cluster_id: Option<i64>,
    pub(super) payment_key: Key,
    pub(super) kind: String,
    pub(super) source: String,
    pub(super) amount_source: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) customer_id: Option<i64>,
    pub(super) affiliate_id: Option<i64>,
    pub(super) referral_code: Option<String>,
    pub(super) coupon_code: Option<String>,
    pub(super) currency: String,
    pub(super) base_minor: i64,
    pub(super) commission_minor: i64,
    pub(super) clawed_back_minor: i64,
    pub(super) held_minor: i64,
    pub(super) paid: bool,
    pub(super) rule_id: Option<i64>,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) release_at: Option<DateTime<Utc>>,
    pub(super) ordinal: Option<i32>,
    /// Of the story; none of a row that an older release wrote.
    pub(super) fingerprint: Option<i64>,
}

/// A row as it should be.
pub(super) struct Target {
    pub(super) row: Row,
    pub(super) story: Story,
}

impl Target {
    pub(super) fn new(
        cluster: ClusterId,
        conversion: &Conversion,
        customer: Option<CustomerId>,
    ) -> Result<Self, StoreError> {
        let story = Story::of(conversion)?;
        Ok(Self { row: Row::target(cluster, conversion, customer, story.fingerprint()), story })
    }
}

impl Row {
    fn target(
        cluster: ClusterId,
        conversion: &Conversion,
        customer: Option<CustomerId>,
        fingerprint: i64,
    ) -> Self {
        let bind = conversion.bind.as_ref();
        Self {
            cluster_id: Some(cluster.0),
            payment_key: conversion.payment.clone(),
            kind: conversion.kind.as_str().to_owned(),
            source: conversion.source.as_str().to_owned(),
            amount_source: conversion.amount_source.as_str().to_owned(),
            status: conversion.status.as_str().to_owned(),
            reason: conversion.reason.clone(),
            customer_id: customer.map(|id| id.0),
            affiliate_id: bind.map(|bind| bind.affiliate.0),
            referral_code: bind.and_then(|bind| bind.referral_code.clone()),
            coupon_code: bind.and_then(|bind| bind.coupon_code.clone()),
            currency: conversion.currency.to_string(),
            base_minor: conversion.base,
            commission_minor: conversion.commission,
            clawed_back_minor: conversion.clawed_back,
            held_minor: conversion.held,
            paid: conversion.paid,
            rule_id: Some(conversion.rule.0),
            occurred_at: conversion.occurred_at,
            release_at: conversion.release_at,
            ordinal: conversion.ordinal.and_then(|ordinal| i32::try_from(ordinal).ok()),
            fingerprint: Some(fingerprint),
        }
    }

    /// Whether it has yet to be settled for the first time.
    pub(super) fn is_pending(&self) -> bool {
        self.status == ConversionStatus::Pending.as_str()
    }

    /// The row when no fact tells of its payment any more.
    pub(super) fn without_payment(self) -> Self {
        Self {
            status: ConversionStatus::Reversed.as_str().to_owned(),
            reason: Some("no event tells of this payment any more".to_owned()),
            affiliate_id: None,
            commission_minor: 0,
            clawed_back_minor: 0,
            held_minor: 0,
            paid: false,
            ..self
        }
    }

    pub(super) fn written(&self, id: ConversionId, cause: Cause, changed: bool) -> Written {
        let amounts = Amounts::of_row(self.commission_minor, self.clawed_back_minor, self.held_minor);
        Written {
            id,
            affiliate: self.affiliate_id.map(AffiliateId),
            currency: self.currency.clone(),
            amounts,
            is_posted: true,
            said_paid: Vec::new(),
            keys: Vec::new(),
            payment: Some(self.payment_key.clone()),
            first: None,
            cause,
            rule: self.rule_id,
            changed,
            is_new: false,
        }
    }
}
