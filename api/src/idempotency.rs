//! `Idempotency-Key`: a request that is sent again is answered as it was, and has no effect twice.
//!
//! Such a request runs in a task of its own: it ends, and its answer is kept, also when the client
//! has gone away.

use crate::auth::Caller;
use crate::error::{ApiError, Fault, KeptError};
use crate::input::read_body;
use crate::state::AppState;
use crate::{error, media_type};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use std::time::Duration;
use store::PgConnection;
use store::api_keys::ErrorForm;
use store::idempotency_keys::{self, Answer, Claim};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Tells a stored answer from a fresh one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A UUID has 36; nobody needs more than this.
const MAX_KEY: usize = 255;

/// A request without an answer may run again after this time: longer than any request takes.
const LOCK: TimeDelta = TimeDelta::seconds(15);

const PURGE_INTERVAL: Duration = Duration::from_mins(10);
const PURGE_BATCH: i64 = 10_000;
/// A database that needs longer is not there.
const PURGE_PATIENCE: Duration = Duration::from_secs(10);

/// The key of a request, known to the handler: what it makes can be named by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(pub(crate) String);

/// In place of an answer's body, for an answer that holds a secret: what is said when it is repeated.
#[derive(Clone)]
pub(crate) struct KeepInstead(pub(crate) Vec<u8>);

/// Runs a request, or answers as it was answered before.
pub(crate) async fn run(
    state: &AppState,
    caller: Caller,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Some(key) = key(request.method(), request.headers())? else {
        return Ok(next.run(request).await);
    };
    let body = read_body(std::mem::take(request.body_mut())).await?;
    let fingerprint = fingerprint(&request, &body);
    *request.body_mut() = Body::from(body);
    request.extensions_mut().insert(IdempotencyKey(key.clone()));

    let claim = {
        let mut connection = state.pool.acquire().await?;
        idempotency_keys::claim(&mut connection, caller.key, &key, fingerprint, LOCK).await?
    };
    match claim {
        Claim::Run => {
            let state = state.clone();
            let running =
                tokio::spawn(async move { run_and_keep(&state, caller, &key, request, next).await });
            running.await.map_err(ApiError::internal)?
        }
        Claim::Answered(answer) => replay(answer),
        Claim::Running => Err(ApiError::IdempotencyConflict {
            message: "A request with this Idempotency-Key is still running: send it again".to_owned(),
            retry_after: Some(1),
        }),
        Claim::Other => Err(ApiError::IdempotencyConflict {
            message: "This Idempotency-Key was used for another request: take a new one".to_owned(),
            retry_after: None,
        }),
    }
}

fn key(method: &Method, headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    if !matches!(*method, Method::POST | Method::PUT | Method::DELETE) {
        return Ok(None);
    }
    let Some(key) = headers.get(KEY) else { return Ok(None) };
    let key = key.to_str().map(str::trim).unwrap_or_default();
    if (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(Some(key.to_owned()));
    }
    Err(ApiError::field(
        "Idempotency-Key",
        format!("Idempotency-Key must have 1 to {MAX_KEY} visible ASCII characters"),
    ))
}

fn fingerprint(request: &Request, body: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [request.method().as_str(), &request.uri().to_string()] {
        digest.update(part);
        digest.update([0]);
    }
    digest.update(body);
    digest.finalize().into()
}

async fn run_and_keep(
    state: &AppState,
    caller: Caller,
    key: &str,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let response = next.run(request).await;
    let status = response.status();
    let mut connection = state.pool.acquire().await?;
    if status.is_server_error() {
        idempotency_keys::release(&mut connection, caller.key, key).await?;
        return Ok(response);
    }
    keep(&mut connection, caller, key, response).await
}

async fn keep(
    connection: &mut PgConnection,
    caller: Caller,
    key: &str,
    response: Response,
) -> Result<Response, ApiError> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(ApiError::internal)?.to_bytes();
    // The body of an error is written at the edge; what is kept has no request id of its own.
    let kept = match parts.extensions.get::<Fault>() {
        Some(Fault(fault)) => error::of_error(fault, "", ErrorForm::Object),
        None => match parts.extensions.get::<KeepInstead>() {
            Some(KeepInstead(kept)) => kept.clone(),
            None => body.to_vec(),
        },
    };
    let location = parts.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let answer = Answer { status: parts.status.as_u16(), location: location.map(str::to_owned), body: kept };
    idempotency_keys::complete(connection, caller.key, key, &answer).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(kept: Answer) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(kept.status).map_err(ApiError::internal)?;
    let mut response = (status, kept.body.clone()).into_response();
    if status.is_client_error() {
        response.extensions_mut().insert(KeptError(kept.body));
    }
    media_type::mark_as_json(response.headers_mut());
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(location) = kept.location.and_then(|location| location.try_into().ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Forgets old answers now and then. Never returns.
pub(crate) async fn purge(state: &AppState) {
    let mut every = tokio::time::interval(PURGE_INTERVAL);
    loop {
        every.tick().await;
        let before = state.clock.now() - idempotency_keys::KEPT;
        let purge = async {
            let mut connection = state.pool.acquire().await?;
            idempotency_keys::purge(&mut connection, before, PURGE_BATCH).await
        };
        match tokio::time::timeout(PURGE_PATIENCE, purge).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "old answers could not be purged"),
            Err(elapsed) => tracing::debug!(%elapsed, "old answers could not be purged"),
        }
    }
}
