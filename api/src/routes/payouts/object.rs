//! Payouts as clients see them.

use crate::answer::timestamp;
use crate::openapi::values::{CarriedOverWord, PayoutStatusWord};
use ::store::payouts::{self as store, State};
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, BatchId};
use domain::payout::{self, CarryReason};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One payment to one affiliate in one currency, frozen when it was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct Payout {
    id: i64,
    project_id: i64,
    /// Those that were made together have one.
    batch_id: i64,
    affiliate_id: i64,
    #[schema(example = "partner@example.com")]
    affiliate_email: String,
    /// ISO 4217, lower case.
    #[schema(example = "usd")]
    currency: String,
    /// What is paid.
    #[schema(example = "50.00")]
    amount: String,
    /// How many conversions it is for.
    conversions: i64,
    /// What of it was taken back or held since it was frozen; the next payout nets it.
    #[schema(example = "0.00")]
    moved_since: String,
    /// `open` (the money has yet to leave), `paid` or `canceled`.
    #[schema(value_type = PayoutStatusWord)]
    status: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    /// When the money left.
    #[schema(format = DateTime)]
    paid_at: Option<String>,
    /// The bank's or provider's name for the payment.
    reference: Option<String>,
    #[schema(format = DateTime)]
    canceled_at: Option<String>,
    /// Why it was canceled.
    reason: Option<String>,
    /// Who said that it is paid, or canceled it.
    closed_by: Option<String>,
}

impl Payout {
    pub(super) const COLUMNS: &'static [&'static str] = &[
        "id",
        "project_id",
        "batch_id",
        "affiliate_id",
        "affiliate_email",
        "currency",
        "amount",
        "conversions",
        "moved_since",
        "status",
        "created_at",
        "paid_at",
        "reference",
        "canceled_at",
        "reason",
        "closed_by",
    ];
}

impl From<store::Payout> for Payout {
    fn from(payout: store::Payout) -> Self {
        let status = payout.state.as_str();
        let (mut paid_at, mut reference, mut canceled_at, mut reason, mut closed_by) = Default::default();
        match payout.state {
            State::Open => {}
            State::Paid { at, reference: named, by } => {
                (paid_at, reference, closed_by) = (Some(timestamp(at)), Some(named), Some(by));
            }
            State::Canceled { at, by, reason: why } => {
                (canceled_at, reason, closed_by) = (Some(timestamp(at)), Some(why), Some(by));
            }
        }
        Self {
            id: payout.id.0,
            project_id: payout.realm.project.0,
            batch_id: payout.batch.0,
            affiliate_id: payout.affiliate.0,
            affiliate_email: payout.email,
            currency: payout.amount.currency.to_string(),
            amount: payout.amount.to_decimal(),
            conversions: payout.items,
            moved_since: payout.moved_since.to_decimal(),
            status,
            created_at: timestamp(payout.created_at),
            paid_at,
            reference,
            canceled_at,
            reason,
            closed_by,
        }
    }
}

/// A payout and all that it is for.
#[derive(Serialize, ToSchema)]
pub(crate) struct PayoutInFull {
    #[serde(flatten)]
    payout: Payout,
    items: Vec<PayoutItem>,
}

impl PayoutInFull {
    pub(super) fn new(payout: store::Payout, items: Vec<store::Item>) -> Self {
        Self { payout: payout.into(), items: items.into_iter().map(PayoutItem::from).collect() }
    }
}

/// What one conversion adds to a payout.
#[derive(Serialize, ToSchema)]
struct PayoutItem {
    conversion_id: i64,
    /// The payment's key.
    payment: String,
    /// When the payment happened.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// As it was frozen; negative for what was taken back after an earlier payout.
    #[schema(example = "20.00")]
    amount: String,
    /// What of it was taken back or held since.
    #[schema(example = "0.00")]
    moved_since: String,
}

impl From<store::Item> for PayoutItem {
    fn from(item: store::Item) -> Self {
        Self {
            conversion_id: item.conversion.0,
            payment: item.payment,
            occurred_at: timestamp(item.occurred_at),
            amount: item.amount.to_decimal(),
            moved_since: item.moved_since.to_decimal(),
        }
    }
}

/// Payouts that were made together, and what was left for the next ones.
#[derive(Serialize, ToSchema)]
#[schema(as = PayoutBatch)]
pub(crate) struct Batch {
    id: i64,
    /// What was released before this time is in it.
    #[schema(format = DateTime)]
    as_of: String,
    /// One for each affiliate and currency.
    payouts: Vec<Payout>,
    carried_over: Vec<CarriedOver>,
}

impl Batch {
    pub(crate) fn new(
        id: BatchId,
        as_of: DateTime<Utc>,
        payouts: Vec<store::Payout>,
        carried_over: Vec<payout::CarriedOver>,
        names: &BTreeMap<AffiliateId, String>,
    ) -> Self {
        Self {
            id: id.0,
            as_of: timestamp(as_of),
            carried_over: self::carried_over(carried_over, names),
            payouts: payouts.into_iter().map(Payout::from).collect(),
        }
    }
}

/// Balances that wait, with the addresses of those whose they are.
pub(super) fn carried_over(
    carried_over: Vec<payout::CarriedOver>,
    names: &BTreeMap<AffiliateId, String>,
) -> Vec<CarriedOver> {
    let shown = carried_over.into_iter().map(|carried| CarriedOver {
        affiliate_id: carried.affiliate.0,
        affiliate_email: names.get(&carried.affiliate).cloned().unwrap_or_default(),
        currency: carried.amount.currency.to_string(),
        amount: carried.amount.to_decimal(),
        why: carried.why,
    });
    shown.collect()
}

/// A balance that waits for the next payout.
#[derive(Serialize, ToSchema)]
pub(super) struct CarriedOver {
    affiliate_id: i64,
    affiliate_email: String,
    #[schema(example = "usd")]
    currency: String,
    /// Negative for a debt.
    #[schema(example = "4.20")]
    amount: String,
    /// `negative` (more was taken back than is due), `below_minimum`, or `fraction` (less than a unit that banks take).
    #[schema(value_type = CarriedOverWord)]
    why: CarryReason,
}
