//! `GET /api/v1/payout-batches/{id}`

use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::Reading;
use crate::routes::payouts::Batch;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::BatchId;
use store::overview;

/// Payouts that were made together
///
/// As they stand, with what was carried over.
#[utoipa::path(
    get,
    path = "/payout-batches/{id}",
    operation_id = "get_payout_batch",
    tag = "Payouts",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        Reading,
        (status = 200, description = "As it stands", body = Data<Batch>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<Batch>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let found = app::payouts::batch(&mut connection, caller.realm, BatchId(id)).await?;
    let names = overview::affiliates(&mut connection, caller.realm).await?;
    let batch = Batch::new(found.batch, found.as_of, found.payouts, found.carried_over, &names);
    Ok(Data::new(batch))
}
