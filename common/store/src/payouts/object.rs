//! A payout as REST gives it, for notifications.

use super::{Payout, State};
use crate::StoreError;
use crate::notifications::{json, time};
use serde::Serialize;

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
pub(crate) fn object(payout: &Payout) -> Result<String, StoreError> {
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
