//! `POST /api/v1/affiliates`

mod posted;

use super::Affiliate;
use super::get::shown;
use super::taken::refused;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::Fields;
use crate::openapi::values::{AffiliateStatusWord, CommissionText, Email, Notes, ReferralCode, Text};
use crate::openapi::{Creating, Idempotent};
use crate::resettle;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::code::FoldedCode;
use domain::ids::Realm;
use domain::key::Key;
use domain::mappings::Mappings;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posted::Posted;
use store::affiliates::{self, WriteError};
use utoipa::ToSchema;

/// Codes that are made before one is found that is free.
const ATTEMPTS: u32 = 5;

/// A new affiliate.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; Posted reads it")]
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
    let (posted, warnings) = Posted::read(fields)?;
    let affiliate = enter(&state, caller.realm, &posted).await?;
    let email = utf8_percent_encode(&affiliate.user_email, NON_ALPHANUMERIC);
    let location = format!("/api/v1/affiliates/{email}");
    let shown = shown(&mut *state.pool.acquire().await?, affiliate, state.clock.now()).await?;
    let answer = json(StatusCode::CREATED, &Data::warned(shown, warnings));
    Ok(([(header::LOCATION, location)], answer).into_response())
}

/// Enters it, or opens it again when it was closed.
async fn enter(state: &AppState, realm: Realm, posted: &Posted) -> Result<affiliates::Affiliate, ApiError> {
    if let Some(affiliate) = reopen(state, realm, posted).await? {
        return Ok(affiliate);
    }
    for _ in 0..ATTEMPTS {
        let code = posted.referral_code.clone().unwrap_or_else(affiliates::random_code);
        let mut transaction = state.pool.begin().await?;
        match affiliates::create(&mut transaction, realm, &posted.with_code(&code)).await {
            Ok(affiliate) => {
                let mappings = Mappings {
                    codes: FoldedCode::new(&code).into_iter().collect(),
                    keys: Key::email(&posted.email).into_iter().collect(),
                    ..Mappings::default()
                };
                resettle::ask(&mut transaction, state, realm, &mappings).await?;
                transaction.commit().await?;
                return Ok(affiliate);
            }
            Err(WriteError::CodeTaken) if posted.referral_code.is_none() => {}
            Err(error) => return Err(refused(error, &posted.email, &code)),
        }
    }
    Err(ApiError::unavailable("No free referral code was found: send it again"))
}

/// The closed affiliate of this address, open again with its codes; none when there is no such.
async fn reopen(
    state: &AppState,
    realm: Realm,
    posted: &Posted,
) -> Result<Option<affiliates::Affiliate>, ApiError> {
    let mut transaction = state.pool.begin().await?;
    let refuse = |error| refused(error, &posted.email, posted.referral_code.as_deref().unwrap_or_default());
    let reopened = affiliates::reopen(&mut transaction, realm, &posted.email).await.map_err(refuse)?;
    let Some(before) = reopened else { return Ok(None) };
    let after = posted.applied_to(&before);
    affiliates::save(&mut transaction, realm, &before, &after).await.map_err(refuse)?;
    let mappings = Mappings {
        codes: affiliates::names(&mut transaction, after.id).await?,
        keys: Key::email(&after.user_email).into_iter().collect(),
        affiliates: vec![after.id],
        ..Mappings::default()
    };
    resettle::ask(&mut transaction, state, realm, &mappings).await?;
    transaction.commit().await?;
    Ok(Some(after))
}
