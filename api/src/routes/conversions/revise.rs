//! Changing a conversion, and answering with what came of it.

use super::Conversion;
use super::get::find;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::completion;
use crate::error::ApiError;
use crate::input::Warnings;
use crate::state::AppState;
use app::conversions::{self, Change};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ids::ConversionId;
use store::conversions::Revision;

/// Applies a change and waits for the workers. `change` says what is to change of a conversion, and what it did not
/// understand; when nothing is to change, nothing is sent round.
pub(super) async fn revise(
    state: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    id: ConversionId,
    change: impl Fn(&Revision) -> Result<(Change, Warnings), ApiError>,
) -> Result<Response, ApiError> {
    let (revised, warnings) =
        conversions::revise(&state.pool, state.outbox(), caller.realm, id, change).await?;
    let completion = completion::wait(state, caller.realm, headers, revised.event).await;
    let conversion: Conversion = find(state, caller.realm, revised.id).await?;
    let status = completion::status(completion, StatusCode::OK);
    let location = format!("/api/v1/conversions/{}", revised.id);
    Ok(([(header::LOCATION, location)], json(status, &Data::warned(conversion, warnings))).into_response())
}
