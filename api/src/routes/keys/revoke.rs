//! `DELETE /api/v1/keys/{id}`

use super::Key;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::Id;
use crate::openapi::{Deleting, Idempotent};
use crate::state::AppState;
use axum::extract::State;

/// Revoke an API key
///
/// For good, within two seconds on every process. No key revokes itself, so that nobody locks themselves out.
#[utoipa::path(
    delete,
    path = "/keys/{id}",
    operation_id = "delete_key",
    tag = "Keys",
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Deleting,
        (status = 200, description = "As it was revoked", body = Data<Key>),
        (status = 409, description = "It is the key that asks; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<Key>, ApiError> {
    let mut transaction = state.pool.begin().await?;
    app::keys::find(&mut transaction, caller.realm, id).await?;
    if id == caller.key {
        return Err(ApiError::Conflict("This is the key that you call with: revoke it with another one".to_owned()));
    }
    app::keys::revoke(&mut transaction, caller.realm.project, id).await?;
    let key = app::keys::find(&mut transaction, caller.realm, id).await?;
    transaction.commit().await?;
    Ok(Data::new(key.into()))
}
