//! `DELETE /api/v1/coupons/{id}`

use super::Coupon;
use super::get::unknown;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::{Deleting, Idempotent};
use crate::resettle;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::CouponId;
use domain::mappings::Mappings;
use store::coupons::{self, CouponStatus};

/// Delete a coupon
///
/// It binds nobody from now on, its code is free again, and whom it has bound stays bound.
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
    let coupon = coupons::lock(&mut transaction, caller.realm, id).await?.ok_or_else(|| unknown(id))?;
    coupons::delete(&mut transaction, id).await?;
    let mappings = Mappings { codes: coupon.naming.names().collect(), ..Mappings::default() };
    resettle::ask(&mut transaction, &state, caller.realm, &mappings).await?;
    transaction.commit().await?;
    let deleted = coupons::Coupon { status: CouponStatus::Inactive, ..coupon };
    Ok(Data::new(Coupon::new(caller.realm.project, deleted)))
}
