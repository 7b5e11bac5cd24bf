//! `POST /api/v1/referrals/{email}/unlock`

use super::lock_customer::{Lock, decide};
use super::{PostDecision, reason};
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, Segment};
use crate::openapi::{Changing, Idempotent, Patience};
use crate::routes::referrals::Referral;
use crate::state::AppState;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

/// Unlock a customer
///
/// Codes and binds decide again.
#[utoipa::path(
    post,
    path = "/referrals/{email}/unlock",
    operation_id = "unlock_referral",
    tag = "Decisions",
    request_body = PostDecision,
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
pub(crate) async fn unlock(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Segment(email): Segment,
    fields: Fields,
) -> Result<Response, ApiError> {
    let (reason, warnings) = reason(fields)?;
    decide(&state, caller, &headers, Lock { email: &email, to: None, reason, warnings }).await
}
