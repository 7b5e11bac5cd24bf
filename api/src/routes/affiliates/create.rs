//! `POST /api/v1/affiliates`

use super::Affiliate;
use super::get::shown;
use super::taken::refused;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, MAX_REFERRAL_CODE, MAX_TEXT};
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
use domain::rules::Commission;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use store::affiliates::{self, AffiliateStatus, NewAffiliate, WriteError};
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
    let posted = Posted::read(fields)?;
    let affiliate = enter(&state, caller.realm, &posted).await?;
    let email = utf8_percent_encode(&affiliate.user_email, NON_ALPHANUMERIC);
    let location = format!("/api/v1/affiliates/{email}");
    let shown = shown(&mut *state.pool.acquire().await?, affiliate, state.clock.now()).await?;
    Ok(([(header::LOCATION, location)], json(StatusCode::CREATED, &Data::new(shown))).into_response())
}

struct Posted {
    email: String,
    referral_code: Option<String>,
    partner_slug: Option<String>,
    status: AffiliateStatus,
    commission: Option<Commission>,
    payout_preferences: Option<Value>,
}

impl Posted {
    fn read(mut fields: Fields) -> Result<Self, ApiError> {
        let email = fields.email("email");
        let email = fields.required("email", email);
        let statuses = AffiliateStatus::ALL.map(|status| (status.as_str(), status));
        let posted = Self {
            email: email.unwrap_or_default(),
            referral_code: fields.code("referral_code", MAX_REFERRAL_CODE),
            partner_slug: fields.text("partner_slug", MAX_TEXT),
            status: fields.one_of("status", &statuses).unwrap_or(AffiliateStatus::Active),
            commission: fields.commission("commission"),
            payout_preferences: fields.json("payout_preferences"),
        };
        fields.finish()?;
        Ok(posted)
    }
}

async fn enter(state: &AppState, realm: Realm, posted: &Posted) -> Result<affiliates::Affiliate, ApiError> {
    for _ in 0..ATTEMPTS {
        let code = posted.referral_code.clone().unwrap_or_else(affiliates::random_code);
        let new = NewAffiliate {
            email: &posted.email,
            referral_code: &code,
            partner_slug: posted.partner_slug.as_deref(),
            status: posted.status,
            commission: posted.commission,
            payout_preferences: posted.payout_preferences.as_ref(),
        };
        let mut transaction = state.pool.begin().await?;
        match affiliates::create(&mut transaction, realm, &new).await {
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
