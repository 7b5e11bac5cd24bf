//! `GET /api/v1/payments/{payment_key}/explanation`

use super::Story;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Segment;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use store::overview;

/// Why a payment earned what it did
///
/// By any id of the payment: of its invoice, payment intent, charge or checkout session, or your own reference.
#[utoipa::path(
    get,
    path = "/payments/{payment_key}/explanation",
    operation_id = "explain_payment",
    tag = "Explanations",
    params(("payment_key" = String, Path, description = "`in_…`, `pi_…`, `ch_…`, `cs_…`, or a reference")),
    responses(
        Reading,
        (status = 200, description = "Its story", body = Data<Story>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Segment(key): Segment,
) -> Result<Data<Story>, ApiError> {
    let unknown = || ApiError::NotFound(format!("There is no payment {key}"));
    if key.contains('\0') {
        return Err(unknown());
    }
    let mut connection = state.pool.acquire().await?;
    let payment = overview::payment(&mut connection, caller.realm, &key).await?.ok_or_else(unknown)?;
    let story = overview::of(&mut connection, &[payment]).await?.pop().ok_or_else(unknown)?;
    Ok(Data::new(Story::from(story)))
}
