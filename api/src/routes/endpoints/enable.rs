//! `POST /api/v1/webhook-endpoints/{id}/enable`

use super::Endpoint;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Id, OptionalFields};
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use app::endpoints;
use axum::extract::State;
use domain::ids::EndpointId;

/// Send to an endpoint again
///
/// What is parked stays so: `redeliver` with `{"failed": true}` sends it.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/enable",
    operation_id = "enable_webhook_endpoint",
    tag = "Notifications",
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "As it stands now; `parked` is what waits to be asked for", body = Data<Endpoint>),
    ),
)]
pub(crate) async fn enable(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    OptionalFields(fields): OptionalFields,
) -> Result<Data<Endpoint>, ApiError> {
    let warnings = fields.finish()?;
    let endpoint = endpoints::enable(&mut *state.pool.acquire().await?, caller.realm, EndpointId(id)).await?;
    Ok(Data::warned(endpoint.into(), warnings))
}
