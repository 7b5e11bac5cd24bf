//! `POST /api/v1/coupons`

use super::Coupon;
use super::get::find;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, MAX_TEXT, Warnings};
use crate::openapi::values::{CouponCode, CouponStatusWord, Text};
use crate::openapi::{Creating, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ids::AffiliateId;
use store::coupons::{CouponStatus, Naming, NewCoupon};
use utoipa::ToSchema;

/// A new coupon.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; read reads it")]
pub(crate) struct PostCoupon {
    #[schema(minimum = 1)]
    affiliate_id: i64,
    /// What the customer types: 3 or more letters, digits, `-` or `_`.
    coupon_code: CouponCode,
    stripe_coupon_id: Option<Text>,
    stripe_promotion_code_id: Option<Text>,
    lemonsqueezy_discount_code: Option<Text>,
    /// `active` when absent.
    status: Option<CouponStatusWord>,
    /// Make the promotion code at Stripe, on the coupon that `stripe_coupon_id` names, and deactivate it with this one.
    stripe: Option<bool>,
}

/// Enter a coupon
///
/// Whoever pays with it from now on is the affiliate's, unless somebody else's already. With `"stripe": true` a worker makes the
/// promotion code at Stripe within seconds, once however often it is tried.
#[utoipa::path(
    post,
    path = "/coupons",
    operation_id = "create_coupon",
    tag = "Coupons",
    request_body = PostCoupon,
    params(Idempotent),
    responses(
        Creating,
        (status = 201, description = "As it was entered", body = Data<Coupon>),
        (status = 409, description = "The code is taken; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, ApiError> {
    let (new, warnings) = read(fields)?;
    let mut transaction = state.pool.begin().await?;
    let id = app::coupons::enter(&mut transaction, state.outbox(), caller.realm, &new).await?;
    let coupon = find(&mut transaction, caller.realm, id).await?;
    transaction.commit().await?;
    let location = format!("/api/v1/coupons/{id}");
    let answer = json(StatusCode::CREATED, &Data::warned(coupon, warnings));
    Ok(([(header::LOCATION, location)], answer).into_response())
}

fn read(mut fields: Fields) -> Result<(NewCoupon, Warnings), ApiError> {
    let affiliate = fields.id("affiliate_id");
    let affiliate = fields.required("affiliate_id", affiliate);
    let code = fields.code("coupon_code", MAX_TEXT);
    let code = fields.required("coupon_code", code);
    let statuses = CouponStatus::ALL.map(|status| (status.as_str(), status));
    let at_stripe = fields.boolean("stripe").unwrap_or(false);
    let new = NewCoupon {
        naming: Naming {
            affiliate: AffiliateId(affiliate.unwrap_or_default()),
            coupon_code: code.unwrap_or_default(),
            stripe_coupon_id: fields.text("stripe_coupon_id", MAX_TEXT),
            stripe_promotion_code_id: fields.text("stripe_promotion_code_id", MAX_TEXT),
        },
        lemonsqueezy_discount_code: fields.text("lemonsqueezy_discount_code", MAX_TEXT),
        status: fields.one_of("status", &statuses).unwrap_or(CouponStatus::Active),
        at_stripe,
    };
    if at_stripe && new.naming.stripe_coupon_id.is_none() {
        fields.missing("stripe_coupon_id", "the coupon at Stripe that the promotion code is to give");
    }
    if at_stripe && new.naming.stripe_promotion_code_id.is_some() {
        fields.problem("stripe", "there is a promotion code already: stripe_promotion_code_id names it");
    }
    Ok((new, fields.finish()?))
}
