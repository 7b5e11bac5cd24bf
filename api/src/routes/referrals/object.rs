//! A referral as clients see it.

use crate::answer::timestamp;
use common::store::customers::Customer;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A user who was referred, or came by themselves.
#[derive(Serialize, ToSchema)]
pub(crate) struct Referral {
    id: i64,
    user_email: Option<String>,
    /// `pending` (referred, has not paid), `converted`, `direct` (not referred, has paid) or `direct_signup`.
    #[schema(example = "converted")]
    conversion_status: &'static str,
    /// The first payment.
    #[schema(format = DateTime)]
    conversion_date: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    affiliate_id: Option<i64>,
    affiliate_code: Option<String>,
    stripe_customer_id: Option<String>,
    /// Your own id of the user.
    external_id: Option<String>,
    /// How they were referred, and where that was read.
    attribution: Option<Value>,
}

impl From<Customer> for Referral {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.id.0,
            user_email: customer.user_email,
            conversion_status: customer.status.as_str(),
            conversion_date: customer.converted_at.map(timestamp),
            created_at: timestamp(customer.first_seen_at),
            affiliate_id: customer.affiliate.map(|id| id.0),
            affiliate_code: customer.referral_code,
            stripe_customer_id: customer.stripe_customer_id,
            external_id: customer.external_id,
            attribution: customer.attribution,
        }
    }
}
