//! `DELETE /api/v1/webhook-endpoints/{id}`

use super::Endpoint;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::{Deleting, Idempotent};
use crate::state::AppState;
use app::endpoints;
use axum::extract::State;
use domain::ids::EndpointId;

/// Delete an endpoint
///
/// With everything that is on its way to it, its log included. The feed keeps what was not sent.
#[utoipa::path(
    delete,
    path = "/webhook-endpoints/{id}",
    operation_id = "delete_webhook_endpoint",
    tag = "Notifications",
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Deleting,
        (status = 200, description = "As it was", body = Data<Endpoint>),
    ),
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<Endpoint>, ApiError> {
    let mut transaction = state.pool.begin().await?;
    let endpoint = endpoints::delete(&mut transaction, caller.realm, EndpointId(id)).await?;
    transaction.commit().await?;
    Ok(Data::new(endpoint.into()))
}
