//! Rows turned into columns for `UNNEST`.

use super::row::Target;
use chrono::{DateTime, Utc};

/// Rows turned into columns for `UNNEST`.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) cluster_id: Vec<Option<i64>>,
    pub(super) payment_key: Vec<String>,
    pub(super) kind: Vec<String>,
    pub(super) source: Vec<String>,
    pub(super) amount_source: Vec<String>,
    pub(super) status: Vec<String>,
    pub(super) reason: Vec<Option<String>>,
    pub(super) customer_id: Vec<Option<i64>>,
    pub(super) affiliate_id: Vec<Option<i64>>,
    pub(super) referral_code: Vec<Option<String>>,
    pub(super) coupon_code: Vec<Option<String>>,
    pub(super) currency: Vec<String>,
    pub(super) base_minor: Vec<i64>,
    pub(super) commission_minor: Vec<i64>,
    pub(super) clawed_back_minor: Vec<i64>,
    pub(super) held_minor: Vec<i64>,
    pub(super) paid: Vec<bool>,
    pub(super) rule_id: Vec<Option<i64>>,
    pub(super) attribution: Vec<Option<String>>,
    pub(super) explanation: Vec<String>,
    pub(super) occurred_at: Vec<DateTime<Utc>>,
    pub(super) release_at: Vec<Option<DateTime<Utc>>>,
    pub(super) fingerprint: Vec<Option<i64>>,
    pub(super) ordinal: Vec<Option<i32>>,
}

impl Columns {
    pub(super) fn of<'a>(targets: impl Iterator<Item = &'a Target>) -> Self {
        let mut columns = Self::default();
        for Target { row, story } in targets {
            columns.cluster_id.push(row.cluster_id);
            columns.payment_key.push(row.payment_key.as_str().to_owned());
            columns.kind.push(row.kind.clone());
            columns.source.push(row.source.clone());
            columns.amount_source.push(row.amount_source.clone());
            columns.status.push(row.status.clone());
            columns.reason.push(row.reason.clone());
            columns.customer_id.push(row.customer_id);
            columns.affiliate_id.push(row.affiliate_id);
            columns.referral_code.push(row.referral_code.clone());
            columns.coupon_code.push(row.coupon_code.clone());
            columns.currency.push(row.currency.clone());
            columns.base_minor.push(row.base_minor);
            columns.commission_minor.push(row.commission_minor);
            columns.clawed_back_minor.push(row.clawed_back_minor);
            columns.held_minor.push(row.held_minor);
            columns.paid.push(row.paid);
            columns.rule_id.push(row.rule_id);
            columns.attribution.push(story.attribution.clone());
            columns.explanation.push(story.explanation.clone());
            columns.occurred_at.push(row.occurred_at);
            columns.release_at.push(row.release_at);
            columns.fingerprint.push(row.fingerprint);
            columns.ordinal.push(row.ordinal);
        }
        columns
    }
}
