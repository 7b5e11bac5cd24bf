//! How somebody was attributed, as clients see it.

use crate::openapi::values::AttributionMethod;
use utoipa::ToSchema;

/// How a customer was bound to an affiliate, or a conversion attributed to one. It is kept as it was written
/// at the time.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the store keeps as JSON")]
pub(crate) struct Attribution {
    /// The affiliate's id.
    affiliate: i64,
    /// The code that bound, or the affiliate's current one.
    #[schema(required)]
    referral_code: Option<String>,
    /// The coupon that bound.
    #[schema(required)]
    coupon_code: Option<String>,
    method: AttributionMethod,
    evidence: Evidence,
    /// By event time, to the microsecond.
    #[schema(format = DateTime, value_type = String)]
    bound_at: String,
}

/// Where it was read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the store keeps as JSON")]
pub(crate) struct Evidence {
    /// The event that told of it: Stripe's, or the command that a request became.
    event: String,
    /// The object in it.
    object: String,
}
