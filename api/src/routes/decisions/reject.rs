//! `POST /api/v1/conversions/{id}/reject`

use super::PostDecision;
use super::rule_on_conversion::rule;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, Id};
use crate::openapi::{Changing, Idempotent, Patience};
use crate::routes::conversions::Conversion;
use crate::state::AppState;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::decision::Ruling;

/// Reject a commission
///
/// Nothing of it is owed; what it was stays on record.
#[utoipa::path(
    post,
    path = "/conversions/{id}/reject",
    operation_id = "reject_conversion",
    tag = "Decisions",
    request_body = PostDecision,
    params(("id" = i64, Path, minimum = 1), Patience, Idempotent),
    responses(
        Changing,
        (status = 200, description = "Settled", body = Data<Conversion>),
        (status = 202, description = "Kept, not settled yet: the conversion as it was", body = Data<Conversion>),
    ),
)]
pub(crate) async fn reject(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id,
    fields: Fields,
) -> Result<Response, ApiError> {
    rule(&state, caller, &headers, id, Ruling::Reject, fields).await
}
