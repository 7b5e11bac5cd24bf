//! `GET /api/v1/conversions/{id}`

use super::Conversion;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::{ConversionId, Realm};
use store::conversions;

/// One conversion
///
/// As it stands: `value` is net of what was taken back.
#[utoipa::path(
    get,
    path = "/conversions/{id}",
    operation_id = "get_conversion",
    tag = "Conversions",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        Reading,
        (status = 200, description = "As it stands", body = Data<Conversion>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<Conversion>, ApiError> {
    find(&state, caller.realm, ConversionId(id)).await.map(Data::new)
}

/// The conversion, or that there is none.
pub(crate) async fn find(state: &AppState, realm: Realm, id: ConversionId) -> Result<Conversion, ApiError> {
    let found = conversions::find(&mut *state.pool.acquire().await?, realm, id).await?;
    Ok(found.map(Conversion::from).ok_or_else(|| app::conversions::unknown(id))?)
}
