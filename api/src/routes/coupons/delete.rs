//! `DELETE /api/v1/coupons/{id}`

use super::Coupon;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::{Deleting, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use domain::ids::CouponId;

/// Delete a coupon
///
/// It binds nobody from now on, its code is free again, and whom it has bound stays bound. A promotion code that was made at Stripe
/// for it is deactivated there within seconds.
#[utoipa::path(
    delete,
    path = "/coupons/{id}",
    operation_id = "delete_coupon",
    tag = "Coupons",
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Deleting,
        (status = 200, description = "As it was deleted", body = Data<Coupon>),
    ),
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<Coupon>, ApiError> {
    let id = CouponId(id);
    let mut transaction = state.pool.begin().await?;
    let deleted = app::coupons::delete(&mut transaction, state.outbox(), caller.realm, id).await?;
    transaction.commit().await?;
    Ok(Data::new(Coupon::new(caller.realm.project, deleted)))
}
