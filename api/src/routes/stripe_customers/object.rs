//! What is known of a Stripe customer.

use crate::answer::{ExactNumber, timestamp};
use crate::openapi::values::{AffiliateStatusWord, AttributionMethod};
use crate::routes::attribution::Evidence;
use crate::routes::referrals::Referral;
use chrono::{DateTime, Utc};
use domain::ids::ProjectId;
use serde::Serialize;
use serde_json::Value;
use store::conversions::{BoundAffiliate, CustomerStory, Total};
use utoipa::ToSchema;

/// Whom a Stripe customer was referred by, and what that has earned.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReferralInfo {
    project_id: i64,
    #[schema(example = "cus_NffrFeUfNV2Hib")]
    stripe_customer_id: String,
    /// Whether it is bound to an affiliate.
    referred: bool,
    referral_code: Option<String>,
    coupon_code: Option<String>,
    referral: Option<Referral>,
    affiliate: Option<AffiliateSummary>,
    attribution: Option<CustomerAttribution>,
    conversions: ConversionCount,
    /// One for each currency.
    totals: Vec<CurrencyTotal>,
}

/// The affiliate in short.
#[derive(Serialize, ToSchema)]
struct AffiliateSummary {
    id: i64,
    user_email: String,
    referral_code: String,
    partner_slug: Option<String>,
    #[schema(value_type = AffiliateStatusWord)]
    status: &'static str,
}

/// How the customer was bound.
#[derive(Serialize, ToSchema)]
struct CustomerAttribution {
    #[schema(value_type = AttributionMethod)]
    method: Value,
    #[schema(value_type = Evidence)]
    evidence: Value,
    #[schema(format = DateTime)]
    bound_at: Option<String>,
}

/// How many conversions there are.
#[derive(Serialize, ToSchema)]
struct ConversionCount {
    count: i64,
    #[schema(format = DateTime)]
    first_at: Option<String>,
    #[schema(format = DateTime)]
    last_at: Option<String>,
}

/// What the conversions of one currency come to.
#[derive(Serialize, ToSchema)]
struct CurrencyTotal {
    #[schema(example = "usd")]
    currency: String,
    #[schema(value_type = f64)]
    base_value: ExactNumber,
    #[schema(value_type = f64)]
    value: ExactNumber,
    #[schema(value_type = f64)]
    refunded_value: ExactNumber,
}

impl ReferralInfo {
    pub(super) fn new(project: ProjectId, stripe_customer_id: String, story: CustomerStory) -> Self {
        let CustomerStory { customer, affiliate, totals } = story;
        let conversions = ConversionCount::of(&totals);
        let totals = totals.into_iter().map(CurrencyTotal::from).collect();
        let Some(affiliate) = affiliate else {
            return Self {
                project_id: project.0,
                stripe_customer_id,
                referred: false,
                referral_code: None,
                coupon_code: None,
                referral: None,
                affiliate: None,
                attribution: None,
                conversions,
                totals,
            };
        };
        Self {
            project_id: project.0,
            stripe_customer_id,
            referred: true,
            referral_code: customer.referral_code.clone(),
            coupon_code: customer.coupon_code.clone(),
            affiliate: Some(affiliate.into()),
            attribution: customer
                .attribution
                .clone()
                .map(|bind| CustomerAttribution::new(&bind, customer.bound_at)),
            referral: Some(customer.into()),
            conversions,
            totals,
        }
    }
}

impl From<BoundAffiliate> for AffiliateSummary {
    fn from(affiliate: BoundAffiliate) -> Self {
        Self {
            id: affiliate.id.0,
            user_email: affiliate.user_email,
            referral_code: affiliate.referral_code,
            partner_slug: affiliate.partner_slug,
            status: affiliate.status.as_str(),
        }
    }
}

impl CustomerAttribution {
    fn new(bind: &Value, bound_at: Option<DateTime<Utc>>) -> Self {
        let part = |name| bind.get(name).cloned().unwrap_or_default();
        Self { method: part("method"), evidence: part("evidence"), bound_at: bound_at.map(timestamp) }
    }
}

impl ConversionCount {
    fn of(totals: &[Total]) -> Self {
        Self {
            count: totals.iter().map(|total| total.count).sum(),
            first_at: totals.iter().map(|total| total.first_at).min().map(timestamp),
            last_at: totals.iter().map(|total| total.last_at).max().map(timestamp),
        }
    }
}

impl From<Total> for CurrencyTotal {
    fn from(total: Total) -> Self {
        Self {
            currency: total.base.currency.to_string(),
            base_value: ExactNumber(total.base),
            value: ExactNumber(total.value),
            refunded_value: ExactNumber(total.clawed_back),
        }
    }
}
