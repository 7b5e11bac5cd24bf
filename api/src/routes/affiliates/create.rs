//! `POST /api/v1/affiliates`

mod posted;

use super::Affiliate;
use super::get::shown;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::Fields;
use crate::openapi::values::{AffiliateStatusWord, CommissionText, Email, Notes, ReferralCode, Text};
use crate::openapi::{Creating, Idempotent};
use crate::state::AppState;
use app::affiliates;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use utoipa::ToSchema;

/// A new affiliate.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; posted reads it")]
pub(crate) struct PostAffiliate {
    email: Email,
    /// 3 to 64 letters, digits, `-` or `_`; one is made when absent.
    referral_code: Option<ReferralCode>,
    /// A name for links.
    partner_slug: Option<Text>,
    /// `active` when absent.
    status: Option<AffiliateStatusWord>,
    /// What it earns instead of the programme's commission: `20%` or `15.00usd`.
    commission: Option<CommissionText>,
    /// Your own notes on how to pay: an object or a text.
    payout_preferences: Option<Notes>,
}

/// Enter an affiliate
///
/// The address of an affiliate that was closed opens that one again, with its codes, its ledger and whatever is not said anew.
#[utoipa::path(
    post,
    path = "/affiliates",
    operation_id = "create_affiliate",
    tag = "Affiliates",
    request_body = PostAffiliate,
    params(Idempotent),
    responses(
        Creating,
        (status = 201, description = "As it was entered", body = Data<Affiliate>),
        (status = 409, description = "The e-mail address or the code is taken; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, ApiError> {
    let (posted, warnings) = posted::read(fields)?;
    let affiliate = affiliates::enter(&state.pool, state.outbox(), caller.realm, &posted).await?;
    let email = utf8_percent_encode(&affiliate.user_email, NON_ALPHANUMERIC);
    let location = format!("/api/v1/affiliates/{email}");
    let shown = shown(&mut *state.pool.acquire().await?, affiliate, state.clock.now()).await?;
    let answer = json(StatusCode::CREATED, &Data::warned(shown, warnings));
    Ok(([(header::LOCATION, location)], answer).into_response())
}
