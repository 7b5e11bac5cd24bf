//! `GET /api/v1/referrals/{email}`

use super::Referral;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Segment;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::Realm;
use store::{PgConnection, customers};

/// One referral
///
/// Should several users have one address, it is the one seen first.
#[utoipa::path(
    get,
    path = "/referrals/{email}",
    operation_id = "get_referral",
    tag = "Referrals",
    params(("email" = String, Path, description = "Percent-encoded, in any case")),
    responses(
        Reading,
        (status = 200, description = "As it stands", body = Data<Referral>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Segment(email): Segment,
) -> Result<Data<Referral>, ApiError> {
    find(&mut *state.pool.acquire().await?, caller.realm, &email).await.map(Data::new)
}

/// The referral with this address, or that there is none.
pub(crate) async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    email: &str,
) -> Result<Referral, ApiError> {
    let unknown = || ApiError::NotFound(format!("There is no referral {}", email.trim()));
    // PostgreSQL keeps no NUL: nobody has such an address.
    if email.contains('\0') {
        return Err(unknown());
    }
    let found = customers::find_by_email(connection, realm, email).await?;
    found.map(Referral::from).ok_or_else(unknown)
}
