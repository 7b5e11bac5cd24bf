//! `DELETE /api/v1/affiliates/{email}`

use super::Affiliate;
use super::get::{known_form, shown};
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Segment;
use crate::openapi::{Deleting, Idempotent};
use crate::state::AppState;
use axum::extract::State;

/// Close an affiliate
///
/// What it earned stays in the ledger. Its codes bind nobody from now on, and nobody else gets them. A POST of its
/// address opens it again.
#[utoipa::path(
    delete,
    path = "/affiliates/{email}",
    operation_id = "delete_affiliate",
    tag = "Affiliates",
    params(
        ("email" = String, Path, description = "Percent-encoded, in any case"),
        Idempotent,
    ),
    responses(
        Deleting,
        (status = 200, description = "As it was closed", body = Data<Affiliate>),
    ),
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    Segment(email): Segment,
) -> Result<Data<Affiliate>, ApiError> {
    let email = known_form(&email)?;
    let mut transaction = state.pool.begin().await?;
    let affiliate = app::affiliates::close(&mut transaction, state.outbox(), caller.realm, email).await?;
    transaction.commit().await?;
    shown(&mut *state.pool.acquire().await?, affiliate, state.clock.now()).await.map(Data::new)
}
