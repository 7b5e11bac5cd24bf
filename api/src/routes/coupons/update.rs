//! `PUT /api/v1/coupons/{id}`

use super::Coupon;
use super::get::find;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, Id, MAX_TEXT, Warnings};
use crate::openapi::values::{CouponCode, CouponStatusWord, Text};
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use domain::ids::{AffiliateId, CouponId};
use store::coupons::{self, CouponStatus};
use utoipa::ToSchema;

/// What may change. What is absent stays; null clears what need not be there.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; apply reads it")]
pub(crate) struct PutCoupon {
    /// Whose it is from now on.
    #[schema(minimum = 1)]
    affiliate_id: Option<i64>,
    /// What the customer types from now on.
    coupon_code: Option<CouponCode>,
    stripe_coupon_id: Option<Text>,
    stripe_promotion_code_id: Option<Text>,
    lemonsqueezy_discount_code: Option<Text>,
    /// `active` or `inactive`.
    status: Option<CouponStatusWord>,
}

/// Change a coupon
///
/// What happened before is judged by what the coupon was then.
#[utoipa::path(
    put,
    path = "/coupons/{id}",
    operation_id = "update_coupon",
    tag = "Coupons",
    request_body = PutCoupon,
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "As it stands now", body = Data<Coupon>),
        (status = 409, description = "The code is taken; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    fields: Fields,
) -> Result<Data<Coupon>, ApiError> {
    let id = CouponId(id);
    let mut transaction = state.pool.begin().await?;
    let edit = |coupon: &mut coupons::Coupon| apply(fields, coupon);
    let warnings = app::coupons::change(&mut transaction, state.outbox(), caller.realm, id, edit).await?;
    let coupon = find(&mut transaction, caller.realm, id).await?;
    transaction.commit().await?;
    Ok(Data::warned(coupon, warnings))
}

fn apply(mut fields: Fields, coupon: &mut coupons::Coupon) -> Result<Warnings, ApiError> {
    let statuses = CouponStatus::ALL.map(|status| (status.as_str(), status));
    coupon.status = fields.one_of("status", &statuses).unwrap_or(coupon.status);
    let naming = &mut coupon.naming;
    naming.affiliate = fields.id("affiliate_id").map_or(naming.affiliate, AffiliateId);
    if let Some(code) = fields.code("coupon_code", MAX_TEXT) {
        naming.coupon_code = code;
    }
    for (name, standing) in [
        ("stripe_coupon_id", &mut naming.stripe_coupon_id),
        ("stripe_promotion_code_id", &mut naming.stripe_promotion_code_id),
        ("lemonsqueezy_discount_code", &mut coupon.lemonsqueezy_discount_code),
    ] {
        let sent = fields.text(name, MAX_TEXT);
        *standing = fields.or_standing(name, sent, standing.take());
    }
    fields.finish()
}
