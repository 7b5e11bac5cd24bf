//! `POST /api/v1/payout-batches/{id}/mark-paid`

use crate::answer::Data;
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, Id};
use crate::openapi::{Changing, Idempotent};
use crate::routes::payouts::{Batch, Payment, PostPayment};
use crate::state::AppState;
use app::payouts::Which;
use axum::extract::State;
use domain::ids::BatchId;
use store::overview;

/// Record that the money of a batch left
///
/// All of its payouts that are open are paid as they were frozen, or none is. Said again with the same reference it changes nothing.
#[utoipa::path(
    post,
    path = "/payout-batches/{id}/mark-paid",
    operation_id = "mark_payout_batch_paid",
    tag = "Payouts",
    request_body = PostPayment,
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "As it stands now", body = Data<Batch>),
        (status = 409, description = "One is paid under another reference; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn mark_paid(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    fields: Fields,
) -> Result<Data<Batch>, ApiError> {
    let (payment, warnings) = Payment::read(fields)?;
    let batch = BatchId(id);
    let actor = {
        let mut connection = state.pool.acquire().await?;
        app::payouts::batch(&mut connection, caller.realm, batch).await?;
        app::keys::actor(&mut connection, caller.key).await?
    };
    let paid = payment.paid_by(&actor);
    app::payouts::mark_paid(&state.pool, Which::Batch(batch), paid, state.clock.now()).await?;
    let mut connection = state.pool.acquire().await?;
    let found = app::payouts::batch(&mut connection, caller.realm, batch).await?;
    let names = overview::affiliates(&mut connection, caller.realm).await?;
    let batch = Batch::new(found.batch, found.as_of, found.payouts, found.carried_over, &names);
    Ok(Data::warned(batch, warnings))
}
