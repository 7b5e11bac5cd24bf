//! A referral as clients see it.

use crate::answer::timestamp;
use crate::openapi::values::ReferralStatusWord;
use crate::routes::attribution::Attribution;
use chrono::{DateTime, Utc};
use domain::fact::CustomerIds;
use domain::settle::CustomerStatus;
use serde::Serialize;
use serde_json::Value;
use store::customers::Customer;
use store::registrations::NamedAffiliate;
use utoipa::ToSchema;

/// A user who was referred, or came by themselves.
#[derive(Serialize, ToSchema)]
pub(crate) struct Referral {
    /// Null until it is settled.
    id: Option<i64>,
    user_email: Option<String>,
    /// `pending` (referred, has not paid), `converted`, `direct` (not referred, has paid) or `direct_signup`.
    #[schema(value_type = ReferralStatusWord)]
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
    #[schema(value_type = Option<Attribution>)]
    attribution: Option<Value>,
}

impl Referral {
    /// One that no worker has settled yet: as it was told.
    pub(super) fn unsettled(who: CustomerIds, affiliate: Option<NamedAffiliate>, now: DateTime<Utc>) -> Self {
        let status = if affiliate.is_some() { CustomerStatus::Pending } else { CustomerStatus::DirectSignup };
        Self {
            id: None,
            user_email: who.email,
            conversion_status: status.as_str(),
            conversion_date: None,
            created_at: timestamp(now),
            affiliate_id: affiliate.as_ref().map(|affiliate| affiliate.id.0),
            affiliate_code: affiliate.map(|affiliate| affiliate.code),
            stripe_customer_id: who.stripe_customer.map(|key| key.id().to_owned()),
            external_id: who.external_id,
            attribution: None,
        }
    }
}

impl From<Customer> for Referral {
    fn from(customer: Customer) -> Self {
        Self {
            id: Some(customer.id.0),
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
