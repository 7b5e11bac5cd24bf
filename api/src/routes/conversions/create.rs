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
use crate::verdicts::Verdict;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::command::Command;
use domain::fact::PostedConversion;
use domain::ids::{ConversionId, Realm};
use domain::key::Key;
use queue::envelope::{Envelope, Source};
use request::{PostConversion, Posted};
use store::conversions::{self, Inserted, NewConversion};

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
        Some(event) => state.verdicts.wait(caller.realm, event, prefer::wait(&headers)).await,
        None => Verdict::Settled,
    };
    let conversion = find(&state, caller.realm, accepted.id).await?;
    let status = match (accepted.is_new, verdict) {
        (IsNew::No, _) => StatusCode::OK,
        (IsNew::Yes, Verdict::Settled) => StatusCode::CREATED,
        (IsNew::Yes, Verdict::Pending) => StatusCode::ACCEPTED,
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

async fn accept(state: &AppState, realm: Realm, posted: Posted) -> Result<Accepted, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let prepared = conversions::prepare(&mut connection, realm, &posted.named()).await?;
    let conversion = posted.resolve(&prepared)?;
    let command = first_command(&conversion, state);
    let new = posted.row(&conversion, &command);
    if conversions::insert(&mut connection, realm, &new).await? == Inserted::Yes {
        drop(connection);
        publish(state, realm, conversion.conversion, &command).await?;
        return Ok(Accepted {
            id: conversion.conversion,
            is_new: IsNew::Yes,
            event: Some(command.event_id()),
        });
    }
    let existing = conversions::by_payment_key(&mut connection, realm, &conversion.payment).await?;
    let Some(existing) = existing else {
        return Err(ApiError::unavailable("The conversion with this reference is changing: send it again"));
    };
    if let Some(command) = &existing.command {
        repeat::compare(&posted, &conversion, &existing, command)?;
        return Ok(Accepted { id: existing.id, is_new: IsNew::No, event: Some(command.event_id()) });
    }
    // Only Stripe has told of this payment so far: the caller adds what it knows.
    let conversion = PostedConversion { conversion: existing.id, ..conversion };
    let command = first_command(&conversion, state);
    let new = NewConversion { posted: &conversion, command: &command, ..posted.row(&conversion, &command) };
    if !conversions::attach(&mut connection, realm, &new).await? {
        return Err(ApiError::unavailable("The conversion with this reference is changing: send it again"));
    }
    drop(connection);
    publish(state, realm, existing.id, &command).await?;
    Ok(Accepted { id: existing.id, is_new: IsNew::No, event: Some(command.event_id()) })
}

fn first_command(conversion: &PostedConversion, state: &AppState) -> Command {
    Command::Conversion { revision: 0, accepted_at: state.clock.now(), conversion: conversion.clone() }
}

/// Puts the command on the queue. When nothing takes it, the row is kept and the workers' sweep
/// publishes it: the caller's conversion is not lost.
async fn publish(
    state: &AppState,
    realm: Realm,
    id: ConversionId,
    command: &Command,
) -> Result<(), ApiError> {
    let body = serde_json::to_vec(command).map_err(ApiError::internal)?;
    let envelope = Envelope::new(Source::Api, realm, body.into(), state.clock.now());
    if let Err(error) = state.publisher.publish(envelope).await {
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
