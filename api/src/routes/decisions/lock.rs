//! `POST /api/v1/referrals/{email}/lock`

use super::lock_customer::{Lock, decide};
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, MAX_REASON, MAX_TEXT, Segment};
use crate::openapi::values::{Reason, Text};
use crate::openapi::{Changing, Idempotent, Patience};
use crate::routes::referrals::Referral;
use crate::state::AppState;
use app::decisions::LockTo;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa::ToSchema;

/// Whom the customer is locked to, and why.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; lock reads it")]
pub(crate) struct PostLock {
    /// An affiliate, by its number or its address; null is nobody: no payment of the customer earns anything.
    #[schema(required = true)]
    affiliate: Option<Text>,
    /// For whoever asks later.
    reason: Reason,
}

/// Lock a customer to an affiliate or to nobody
///
/// Whatever codes and earlier binds say. All payments of everybody who has the address are judged again, those of the past as well.
/// The latest lock stands.
#[utoipa::path(
    post,
    path = "/referrals/{email}/lock",
    operation_id = "lock_referral",
    tag = "Decisions",
    request_body = PostLock,
    params(
        ("email" = String, Path, description = "Percent-encoded, in any case"),
        Patience,
        Idempotent,
    ),
    responses(
        Changing,
        (status = 200, description = "Settled", body = Data<Referral>),
        (status = 202, description = "Kept, not settled yet: the referral as it was", body = Data<Referral>),
    ),
)]
pub(crate) async fn lock(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Segment(email): Segment,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    let is_nobody = fields.is_null("affiliate");
    let named = fields.text("affiliate", MAX_TEXT);
    if named.is_none() && !is_nobody && fields.is_fine() {
        fields.missing("affiliate", "Missing required parameter: affiliate, an affiliate or null");
    }
    let reason = fields.text("reason", MAX_REASON);
    let reason = fields.required("reason", reason).unwrap_or_default();
    let warnings = fields.finish()?;
    let to = named.as_deref().map_or(LockTo::Nobody, LockTo::Affiliate);
    decide(&state, caller, &headers, Lock { email: &email, to: Some(to), reason, warnings }).await
}
