//! The edge: what every request passes, from outside in. Its id, shedding, the time limit, a net for
//! panics, the limit per address, then the webhook or the router; on the way back the body of an
//! error, headers and metrics.
//!
//! It is one function rather than a stack of layers, so that a webhook costs one future and no boxes.

mod drained;
#[cfg(test)]
mod tests;

use crate::answer;
use crate::error::{self, ApiError, Fault, KeptError};
use crate::error_form::Wanted;
use crate::limits::Allowance;
use crate::limits::client::ClientAddress;
use crate::metrics::Meters;
use crate::state::AppState;
use crate::{request_id, webhook};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::MatchedPath;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use drained::Drained;
use futures::FutureExt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use store::api_keys::ErrorForm;
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tracing::Instrument;

/// Every request is answered within this time. Stripe gives up after some 20 s.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Requests in flight. More are turned away at once: a queue without end helps nobody.
const MAX_IN_FLIGHT: usize = 4096;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The outermost part of the service.
pub(crate) struct Edge {
    state: AppState,
    routes: Router,
    in_flight: Semaphore,
}

impl Edge {
    pub(crate) fn new(state: AppState, routes: Router) -> Self {
        Self { state, routes, in_flight: Semaphore::new(MAX_IN_FLIGHT) }
    }

    /// Answers a request. Never fails and never takes much longer than the time limit.
    pub(crate) async fn handle<B>(&self, peer: IpAddr, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let started = Instant::now();
        let id = request_id::of(request.headers());
        if request.uri().path().starts_with(webhook::PREFIX) {
            let (parts, body) = request.into_parts();
            let project = parts.uri.clone();
            let project = project.path().strip_prefix(webhook::PREFIX).unwrap_or_default();
            let answer = self.bounded(webhook::receive(&self.state, project, parts, body)).await;
            let answer = answer.unwrap_or_else(IntoResponse::into_response);
            let response = finish(answer, &id, ErrorForm::Object);
            self.state.meters.webhook(response.status().as_u16(), started.elapsed());
            return response;
        }
        let method = label(request.method());
        let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default(), method);
        let wanted = Wanted::by(request.headers());
        let answer = self.bounded(self.route(peer, request)).instrument(span.clone()).await;
        let answer = answer.unwrap_or_else(IntoResponse::into_response);
        let form = wanted.form(&answer, &self.state.keys);
        let response = span.in_scope(|| finish(answer, &id, form));
        let route = match response.extensions().get::<MatchedPath>() {
            Some(path) => path.as_str().to_owned(),
            None => "unmatched".to_owned(),
        };
        Meters::request(route, method, response.status().as_u16(), started.elapsed());
        response
    }

    /// Runs within the bounds of number and time, and survives a panic.
    async fn bounded(
        &self,
        answer: impl Future<Output = Result<Response, ApiError>>,
    ) -> Result<Response, ApiError> {
        let Ok(_permit) = self.in_flight.try_acquire() else {
            return Err(ApiError::unavailable("Too many requests are in flight: send it again"));
        };
        self.state.meters.in_flight.increment(1);
        let answer = tokio::time::timeout(TIME_LIMIT, AssertUnwindSafe(answer).catch_unwind()).await;
        self.state.meters.in_flight.decrement(1);
        match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => Err(ApiError::internal("a panic")),
            Err(_elapsed) => Err(ApiError::unavailable("This took too long: send it again")),
        }
    }

    async fn route<B>(&self, peer: IpAddr, request: Request<B>) -> Result<Response, ApiError>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut allowance = None;
        if !is_probe(request.uri().path()) {
            let address = ClientAddress::of(peer, request.headers(), self.state.limits.trusted_proxies());
            match self.state.limits.address(address) {
                None => {}
                Some(Ok(left)) => allowance = Some(left),
                Some(Err(refused)) => return Err(ApiError::RateLimited(refused)),
            }
        }
        let request = request.map(Drained::new).map(Body::new);
        let mut response = match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        // The key's allowance may be there already: the nearer one is told.
        let of_key = response.extensions().get::<Allowance>().copied();
        if let Some(nearest) = allowance.into_iter().chain(of_key).min_by_key(|left| left.remaining) {
            response.extensions_mut().insert(nearest);
        }
        Ok(response)
    }
}

/// Probes and scrapes are not counted: they come from the operator.
fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

/// Few values, whatever a client sends.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Writes the body of an error and the headers that every answer has.
fn finish(mut response: Response, id: &HeaderValue, form: ErrorForm) -> Response {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let name = id.to_str().unwrap_or_default();
        let fault = response.extensions_mut().remove::<Fault>();
        if let Some(KeptError(kept)) = response.extensions_mut().remove() {
            *response.body_mut() = Body::from(error::with_request_id(&kept, name, form));
            answer::mark_as_json(response.headers_mut());
        }
        match &fault {
            Some(Fault(error)) => {
                if let ApiError::RateLimited(allowance) = **error {
                    response.extensions_mut().insert(allowance);
                }
                log(status, error, name);
                *response.body_mut() = Body::from(error::of_error(error, name, form));
                answer::mark_as_json(response.headers_mut());
            }
            None if !answer::is_json(response.headers()) => {
                *response.body_mut() = Body::from(error::of_status(status, name, form));
                answer::mark_as_json(response.headers_mut());
            }
            None => {}
        }
    }
    let allowance = response.extensions().get::<Allowance>().copied();
    let headers = response.headers_mut();
    if let Some(allowance) = allowance {
        headers.insert(LIMIT, HeaderValue::from(allowance.limit));
        headers.insert(REMAINING, HeaderValue::from(allowance.remaining));
        headers.insert(RESET, HeaderValue::from(allowance.reset));
    }
    headers.insert(request_id::HEADER, id.clone());
    response
}

/// What is behind a 5xx is told here and nowhere else.
fn log(status: StatusCode, error: &ApiError, id: &str) {
    let mut causes = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push_str(if causes.is_empty() { "" } else { ": " });
        causes.push_str(&cause.to_string());
        source = cause.source();
    }
    match error {
        ApiError::Internal(_) => tracing::error!(request.id = id, %causes, "a request failed"),
        ApiError::Unavailable { .. } => {
            tracing::warn!(request.id = id, %causes, "a request was turned away: {error}");
        }
        _ => tracing::debug!(request.id = id, status = status.as_u16(), "{error}"),
    }
}
