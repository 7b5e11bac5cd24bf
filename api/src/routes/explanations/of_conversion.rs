//! `GET /api/v1/conversions/{id}/explanation`

use super::Story;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Id;
use crate::openapi::Reading;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::ConversionId;
use store::{conversions, overview};

/// Why a conversion earned what it did
///
/// The candidates, the rule that won and why the others lost, and the arithmetic line by line.
#[utoipa::path(
    get,
    path = "/conversions/{id}/explanation",
    operation_id = "explain_conversion",
    tag = "Explanations",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        Reading,
        (status = 200, description = "Its story", body = Data<Story>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Data<Story>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let unknown = || ApiError::NotFound(format!("There is no conversion {id}"));
    // One that was merged into another is told as that one.
    let standing = conversions::find(&mut connection, caller.realm, ConversionId(id)).await?;
    let standing = standing.ok_or_else(unknown)?;
    let story = overview::of(&mut connection, &[standing.id]).await?.pop().ok_or_else(unknown)?;
    Ok(Data::new(Story::from(story)))
}
