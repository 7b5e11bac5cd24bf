//! `DELETE /api/v1/conversions/{id}`

use super::Conversion;
use super::revise::revise;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Id, Warnings};
use crate::openapi::{Deleting, Idempotent};
use crate::state::AppState;
use app::conversions::Change;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fact::ConversionChange;
use domain::ids::ConversionId;

/// Take a conversion back
///
/// It is not erased: the ledger reverses it, and it stays readable as `reversed`.
#[utoipa::path(
    delete,
    path = "/conversions/{id}",
    operation_id = "delete_conversion",
    tag = "Conversions",
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Deleting,
        (status = 200, description = "Reversed", body = Data<Conversion>),
        (status = 202, description = "Stored, not settled yet: the conversion as it was", body = Data<Conversion>),
    ),
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Response, ApiError> {
    revise(&state, caller, &headers, ConversionId(id), |standing| {
        let says = ConversionChange { deleted: !standing.posted.deleted, ..ConversionChange::default() };
        Ok((Change { says, reference: None }, Warnings::default()))
    })
    .await
}
