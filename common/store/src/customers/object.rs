//! A referral as REST gives it, for notifications.

use super::Customer;
use crate::StoreError;
use crate::notifications::{json, time};
use serde::Serialize;
use serde_json::Value;

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
pub(crate) fn object(customer: &Customer) -> Result<String, StoreError> {
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
