//! `POST /api/v1/dead-letters/{id}/discard`

use super::DeadLetter;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Id, MAX_REASON, MaybeFields};
use crate::openapi::values::Reason;
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use queue::dead_letters::GivenUp;
use utoipa::ToSchema;

/// Why it is given up. The body may be left out.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; discard reads it")]
pub(crate) struct PostDiscard {
    /// For the record.
    reason: Option<Reason>,
}

/// Give a dead letter up
///
/// For good; it stays on record, with who did it and why.
#[utoipa::path(
    post,
    path = "/dead-letters/{id}/discard",
    operation_id = "discard_dead_letter",
    tag = "Dead letters",
    request_body = Option<PostDiscard>,
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "As it was", body = Data<DeadLetter>),
    ),
)]
pub(crate) async fn discard(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    MaybeFields(mut fields): MaybeFields,
) -> Result<Data<DeadLetter>, ApiError> {
    let reason = fields.text("reason", MAX_REASON);
    let warnings = fields.finish()?;
    let queue = state.publisher.prefix();
    let mut transaction = state.pool.begin().await?;
    let letter = app::dead_letters::find(&mut transaction, queue, caller.realm, id).await?;
    let actor = app::keys::actor(&mut transaction, caller.key).await?;
    let given_up = GivenUp { actor: &actor, reason: reason.as_deref() };
    app::dead_letters::discard(&mut transaction, queue, &[id], given_up).await?;
    transaction.commit().await?;
    Ok(Data::warned(letter.into(), warnings))
}
