//! A coupon as clients see it.

use crate::answer::timestamp;
use crate::openapi::values::CouponStatusWord;
use domain::ids::ProjectId;
use serde::Serialize;
use store::coupons;
use utoipa::ToSchema;

/// A coupon that binds whoever uses it to its affiliate.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names that clients see")]
pub(crate) struct Coupon {
    id: i64,
    project_id: i64,
    affiliate_id: i64,
    /// What the customer types.
    #[schema(example = "SAVE10")]
    coupon_code: String,
    /// Stripe's coupon: as it was entered, else as Stripe has told of the code.
    stripe_coupon_id: Option<String>,
    /// Stripe's promotion code: as it was entered, else the one that Stripe calls so.
    #[schema(example = "promo_1NgR8k")]
    stripe_promotion_code_id: Option<String>,
    lemonsqueezy_discount_code: Option<String>,
    /// `active`, or `inactive`: it binds nobody new.
    #[schema(value_type = CouponStatusWord)]
    status: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    affiliate_email: String,
    affiliate_referral_code: String,
}

impl Coupon {
    pub(super) fn new(project: ProjectId, coupon: coupons::Coupon) -> Self {
        Self {
            id: coupon.id.0,
            project_id: project.0,
            affiliate_id: coupon.naming.affiliate.0,
            coupon_code: coupon.naming.coupon_code,
            stripe_coupon_id: coupon.naming.stripe_coupon_id.or(coupon.twin.coupon),
            stripe_promotion_code_id: coupon.naming.stripe_promotion_code_id.or(coupon.twin.promotion_code),
            lemonsqueezy_discount_code: coupon.lemonsqueezy_discount_code,
            status: coupon.status.as_str(),
            created_at: timestamp(coupon.created_at),
            affiliate_email: coupon.affiliate_email,
            affiliate_referral_code: coupon.affiliate_referral_code,
        }
    }
}
