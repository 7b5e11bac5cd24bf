//! `GET /api/v1/received-events/{id}`

use super::ReceivedEventInFull;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use store::api_keys::KeyRole;
use store::events;

/// An event's way
///
/// When it happened, was received and was settled, what was told of it and whether that arrived; and its body.
#[utoipa::path(
    get,
    path = "/received-events/{id}",
    operation_id = "get_received_event",
    tag = "Events in",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        Reading,
        (status = 200, description = "As it is on record", body = Data<ReceivedEventInFull>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<ReceivedEventInFull>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let found = events::show(&mut connection, caller.realm, id).await?;
    let (event, body) = found.ok_or_else(|| ApiError::NotFound(format!("There is no event {id}")))?;
    let told = events::consequences(&mut connection, caller.realm, &event).await?;
    let body = (caller.role == KeyRole::Full).then_some(body.as_slice());
    Ok(Data::new(ReceivedEventInFull::new(event, told, body)))
}
