//! `GET /api/v1/affiliates/{email}`

use super::Affiliate;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Segment;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use chrono::{DateTime, Utc};
use store::{PgConnection, affiliates};

/// One affiliate
///
/// With what it brought and earned, by currency.
#[utoipa::path(
    get,
    path = "/affiliates/{email}",
    operation_id = "get_affiliate",
    tag = "Affiliates",
    params(("email" = String, Path, description = "Percent-encoded, in any case")),
    responses(
        Reading,
        (status = 200, description = "As it stands", body = Data<Affiliate>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Segment(email): Segment,
) -> Result<Data<Affiliate>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let email = known_form(&email)?;
    let affiliate = affiliates::find_by_email(&mut connection, caller.realm, email).await?;
    let affiliate = affiliate.ok_or_else(|| unknown(email))?;
    shown(&mut connection, affiliate, state.clock.now()).await.map(Data::new)
}

/// The address as the database can look for it: nobody has one with a NUL.
pub(crate) fn known_form(email: &str) -> Result<&str, ApiError> {
    if email.contains('\0') { Err(unknown("this address")) } else { Ok(email) }
}

pub(crate) fn unknown(email: &str) -> ApiError {
    ApiError::NotFound(format!("There is no affiliate {}", email.trim()))
}

/// The affiliate with what it brought.
pub(super) async fn shown(
    connection: &mut PgConnection,
    affiliate: affiliates::Affiliate,
    now: DateTime<Utc>,
) -> Result<Affiliate, ApiError> {
    let mut figures = affiliates::figures(connection, &[affiliate.id], now).await?;
    let figures = figures.remove(&affiliate.id).unwrap_or_default();
    Ok(Affiliate::new(affiliate, figures))
}
