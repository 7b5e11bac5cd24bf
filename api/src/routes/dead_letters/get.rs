//! `GET /api/v1/dead-letters/{id}`

use super::object::DeadLetterInFull;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use queue::dead_letters;
use store::api_keys::KeyRole;

/// A dead letter with its body
///
/// One that is open: neither retried nor given up.
#[utoipa::path(
    get,
    path = "/dead-letters/{id}",
    operation_id = "get_dead_letter",
    tag = "Dead letters",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        Reading,
        (status = 200, description = "As it was given up", body = Data<DeadLetterInFull>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<DeadLetterInFull>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let queue = state.publisher.prefix();
    let letter = app::dead_letters::find(&mut connection, queue, caller.realm, id).await?;
    let body = match caller.role {
        KeyRole::Full => dead_letters::show(&mut connection, queue, id).await?.map(|(_, body)| body),
        KeyRole::Read | KeyRole::Finance => None,
    };
    Ok(Data::new(DeadLetterInFull::new(letter, body.as_deref())))
}
