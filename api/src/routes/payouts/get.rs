//! `GET /api/v1/payouts/{id}`

use super::object::PayoutInFull;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::PayoutId;
use store::payouts;

/// One payout
///
/// With every conversion that it is for.
#[utoipa::path(
    get,
    path = "/payouts/{id}",
    operation_id = "get_payout",
    tag = "Payouts",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        Reading,
        (status = 200, description = "As it stands", body = Data<PayoutInFull>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<PayoutInFull>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let payout = app::payouts::find(&mut connection, caller.realm, PayoutId(id)).await?;
    let items = payouts::items(&mut connection, payout.id).await?;
    Ok(Data::new(PayoutInFull::new(payout, items)))
}
