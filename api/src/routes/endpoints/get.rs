//! `GET /api/v1/webhook-endpoints/{id}`

use super::Endpoint;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::Reading;
use crate::state::AppState;
use app::endpoints;
use axum::extract::State;
use domain::ids::EndpointId;

/// One endpoint
///
/// Without its secret.
#[utoipa::path(
    get,
    path = "/webhook-endpoints/{id}",
    operation_id = "get_webhook_endpoint",
    tag = "Notifications",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        Reading,
        (status = 200, description = "As it stands", body = Data<Endpoint>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<Endpoint>, ApiError> {
    let endpoint = endpoints::find(&mut *state.pool.acquire().await?, caller.realm, EndpointId(id)).await?;
    Ok(Data::new(endpoint.into()))
}
