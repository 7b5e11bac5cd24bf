//! `POST /api/v1/conversions`

mod request;

use super::Conversion;
use super::get::find;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::completion;
use crate::error::ApiError;
use crate::idempotency::IdempotencyKey;
use crate::input::Fields;
use crate::openapi::{Creating, Idempotent, Patience};
use crate::state::AppState;
use app::conversions;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::key::Key;
use request::PostConversion;

/// Tell of a signup or a purchase
///
/// It is stored at once and settled by a worker, usually within milliseconds. The answer waits for the verdict for a
/// second, or as long as `Prefer: wait=N` says; `Prefer: respond-async` does not wait.
///
/// With a `reference`, the same conversion sent again is the same conversion.
#[utoipa::path(
    post,
    path = "/conversions",
    operation_id = "create_conversion",
    tag = "Conversions",
    request_body = PostConversion,
    params(
        Patience,
        Idempotent,
    ),
    responses(
        Creating,
        (status = 201, description = "Settled", body = Data<Conversion>),
        (status = 202, description = "Stored, not settled yet", body = Data<Conversion>),
        (status = 200, description = "It was there already", body = Data<Conversion>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    idempotency_key: Option<Extension<IdempotencyKey>>,
    fields: Fields,
) -> Result<Response, ApiError> {
    let key = idempotency_key.map(|Extension(key)| key_of_idempotency(caller, &key));
    let (post, warnings) = request::read(fields, key, state.clock.now())?;
    let accepted = conversions::accept(&state.pool, state.outbox(), caller.realm, &post).await?;
    let completion = completion::wait(&state, caller.realm, &headers, Some(accepted.event)).await;
    let conversion = find(&state, caller.realm, accepted.id).await?;
    let status =
        if accepted.is_new { completion::status(completion, StatusCode::CREATED) } else { StatusCode::OK };
    let location = format!("/api/v1/conversions/{}", accepted.id);
    Ok(([(header::LOCATION, location)], json(status, &Data::warned(conversion, warnings))).into_response())
}

/// The payment key of a conversion without a reference, made of the `Idempotency-Key`: should the
/// request run a second time, it meets the row that it has made.
fn key_of_idempotency(caller: Caller, key: &IdempotencyKey) -> Key {
    Key::reference(&format!("idempotency-key:{}:{}", caller.key, key.0))
}
