//! `GET /api/v1/coupons/{id}`

use super::Coupon;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::{CouponId, Realm};
use store::{PgConnection, coupons};

/// One coupon
///
/// With the affiliate whose it is.
#[utoipa::path(
    get,
    path = "/coupons/{id}",
    operation_id = "get_coupon",
    tag = "Coupons",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        Reading,
        (status = 200, description = "As it stands", body = Data<Coupon>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<Coupon>, ApiError> {
    find(&mut *state.pool.acquire().await?, caller.realm, CouponId(id)).await.map(Data::new)
}

/// The coupon, or that there is none.
pub(super) async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    id: CouponId,
) -> Result<Coupon, ApiError> {
    let found = coupons::find(connection, realm, id).await?;
    found.map(|coupon| Coupon::new(realm.project, coupon)).ok_or_else(|| unknown(id))
}

fn unknown(id: CouponId) -> ApiError {
    ApiError::NotFound(format!("There is no coupon {id}"))
}
