//! `POST /api/v1/conversions/{id}/hold`

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

/// Hold a commission
///
/// All that is left of it is held, until it is released. Who and why is kept, and told by its explanation.
#[utoipa::path(
    post,
    path = "/conversions/{id}/hold",
    operation_id = "hold_conversion",
    tag = "Decisions",
    request_body = PostDecision,
    params(("id" = i64, Path, minimum = 1), Patience, Idempotent),
    responses(
        Changing,
        (status = 200, description = "Settled", body = Data<Conversion>),
        (status = 202, description = "Kept, not settled yet: the conversion as it was", body = Data<Conversion>),
    ),
)]
pub(crate) async fn hold(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id,
    fields: Fields,
) -> Result<Response, ApiError> {
    rule(&state, caller, &headers, id, Ruling::Hold, fields).await
}
