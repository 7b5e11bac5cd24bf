//! `POST /api/v1/dead-letters/{id}/retry`

use super::DeadLetter;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::{Deleting, Idempotent};
use crate::state::AppState;
use axum::extract::State;

/// Send a dead letter round again
///
/// Once what was wrong is mended. Should it fail again, it becomes another dead letter.
#[utoipa::path(
    post,
    path = "/dead-letters/{id}/retry",
    operation_id = "retry_dead_letter",
    tag = "Dead letters",
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Deleting,
        (status = 200, description = "As it was; it is on the queue again", body = Data<DeadLetter>),
    ),
)]
pub(crate) async fn retry(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<DeadLetter>, ApiError> {
    let queue = state.publisher.prefix();
    let mut transaction = state.pool.begin().await?;
    let letter = app::dead_letters::find(&mut transaction, queue, caller.realm, id).await?;
    app::dead_letters::retry(&mut transaction, queue, &[id]).await?;
    transaction.commit().await?;
    Ok(Data::new(letter.into()))
}
