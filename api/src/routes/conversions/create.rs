//! `POST /api/v1/conversions`

mod repeat;
mod request;

use super::Conversion;
use super::get::find;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::idempotency::IdempotencyKey;
use crate::input::Fields;
use crate::openapi::{Creating, Idempotent, Patience};
use crate::prefer;
use crate::state::AppState;
use app::completion::Completion;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::command::Command;
use domain::ids::{ConversionId, Realm};
use domain::key::Key;
use queue::enqueue;
use queue::envelope::{Envelope, Source};
use request::{PostConversion, Posted};
use store::conversions::{self, Accepted as Stored};

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
    let key = idempotency_key.map(|Extension(key)| key);
    let (posted, warnings) = Posted::read(fields, caller, key, state.clock.now())?;
    let accepted = accept(&state, caller.realm, posted).await?;
    let verdict = match accepted.event {
        Some(event) => state.completions.wait(caller.realm, event, prefer::wait(&headers)).await,
        None => Completion::Settled,
    };
    let conversion = find(&state, caller.realm, accepted.id).await?;
    let status = match (accepted.is_new, verdict) {
        (IsNew::No, _) => StatusCode::OK,
        (IsNew::Yes, Completion::Settled) => StatusCode::CREATED,
        (IsNew::Yes, Completion::Pending) => StatusCode::ACCEPTED,
    };
    let location = format!("/api/v1/conversions/{}", accepted.id);
    Ok(([(header::LOCATION, location)], json(status, &Data::warned(conversion, warnings))).into_response())
}

/// Whether a request told anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IsNew {
    Yes,
    No,
}

struct Accepted {
    id: ConversionId,
    is_new: IsNew,
    /// What to wait for, if there is anything.
    event: Option<String>,
}

/// How often a conversion is stored anew when somebody else makes its row at the same time.
const ATTEMPTS: usize = 5;

async fn accept(state: &AppState, realm: Realm, posted: Posted) -> Result<Accepted, ApiError> {
    for _ in 0..ATTEMPTS {
        let mut transaction = state.pool.begin().await?;
        let prepared = conversions::prepare(&mut transaction, realm, &posted.named()).await?;
        let conversion = posted.resolve(&prepared)?;
        let accepted_at = state.clock.now();
        let command = Command::Conversion { revision: 0, accepted_at, conversion, change: None };
        let Command::Conversion { conversion, .. } = &command else { continue };
        let event = Some(command.event_id());
        let new = posted.row(conversion, &command);
        match conversions::accept(&mut transaction, realm, &new).await? {
            Stored::New => {
                transaction.commit().await?;
                publish(state, realm, conversion.conversion, &command).await?;
                return Ok(Accepted { id: conversion.conversion, is_new: IsNew::Yes, event });
            }
            // The payment is known: the caller adds what it knows.
            Stored::Added(id) => {
                let envelope = envelope(state, realm, &command)?;
                enqueue(&mut transaction, state.publisher.prefix(), &envelope).await?;
                transaction.commit().await?;
                return Ok(Accepted { id, is_new: IsNew::No, event });
            }
            Stored::Known(existing) => {
                repeat::compare(&posted, conversion, &existing)?;
                let event = Some(existing.command.event_id());
                return Ok(Accepted { id: existing.id, is_new: IsNew::No, event });
            }
            Stored::Changing => transaction.rollback().await?,
        }
    }
    Err(ApiError::unavailable("The conversion with this reference is changing: send it again"))
}

fn envelope(state: &AppState, realm: Realm, command: &Command) -> Result<Envelope, ApiError> {
    let body = serde_json::to_vec(command).map_err(ApiError::internal)?;
    Ok(Envelope::new(Source::Api, realm, body.into(), state.clock.now()))
}

/// Puts the command on the queue. When nothing takes it, the row is kept and the workers' sweep
/// publishes it: the caller's conversion is not lost.
async fn publish(
    state: &AppState,
    realm: Realm,
    id: ConversionId,
    command: &Command,
) -> Result<(), ApiError> {
    if let Err(error) = state.publisher.publish(envelope(state, realm, command)?).await {
        tracing::warn!(conversion.id = id.0, %error, "a conversion waits for the sweep");
        conversions::mark_unpublished(&mut *state.pool.acquire().await?, id).await?;
    }
    Ok(())
}

/// The payment key of a conversion without a reference, made of the `Idempotency-Key`: should the
/// request run a second time, it meets the row that it has made.
fn key_of_idempotency(caller: Caller, key: &IdempotencyKey) -> Key {
    Key::reference(&format!("idempotency-key:{}:{}", caller.key, key.0))
}
