//! `POST /api/v1/payouts/{id}/cancel`

use super::Payout;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, Id, MAX_REASON};
use crate::openapi::values::Reason;
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use domain::ids::PayoutId;
use utoipa::ToSchema;

/// Why it is canceled.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; cancel reads it")]
pub(crate) struct PostCancellation {
    /// For the record.
    reason: Reason,
}

/// Cancel a payout
///
/// Before its money left; what it was for is due again. Canceled already, it stays as it is.
#[utoipa::path(
    post,
    path = "/payouts/{id}/cancel",
    operation_id = "cancel_payout",
    tag = "Payouts",
    request_body = PostCancellation,
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "As it stands now", body = Data<Payout>),
        (status = 409, description = "It is paid; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    mut fields: Fields,
) -> Result<Data<Payout>, ApiError> {
    let reason = fields.text("reason", MAX_REASON);
    let reason = fields.required("reason", reason).unwrap_or_default();
    let warnings = fields.finish()?;
    let (id, actor) = {
        let mut connection = state.pool.acquire().await?;
        let payout = app::payouts::find(&mut connection, caller.realm, PayoutId(id)).await?;
        (payout.id, app::keys::actor(&mut connection, caller.key).await?)
    };
    let canceled = app::payouts::cancel(&state.pool, id, &reason, &actor, state.clock.now()).await?;
    Ok(Data::warned(canceled.into(), warnings))
}
