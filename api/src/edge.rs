//! The edge: what every request passes, from outside in. Its id, shedding, the time limit, a net for
//! panics, the limit per address, then the webhook or the router; on the way back the body of an
//! error, headers and metrics.
//!
//! A place among those that are worked on is taken further in, when the whole request is there (`places`). Probes take
//! none and wait for nothing.
//!
//! It is one function rather than a stack of layers, so that a webhook costs one future and no boxes.

mod drained;
#[cfg(test)]
mod tests;

use crate::console::{self, MountedConsole, Visited};
use crate::error::{self, ApiError, Fault, KeptError};
use crate::error_form::Wanted;
use crate::limits::Allowance;
use crate::limits::client::ClientAddress;
use crate::media_type;
use crate::metrics::Meters;
use crate::state::AppState;
use crate::{request_id, webhook};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::MatchedPath;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use drained::Drained;
use futures::FutureExt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use store::api_keys::ErrorForm;
use tower::ServiceExt;
use tracing::Instrument;

/// Every request is answered within this time; a webhook has as much for its body and for being stored. Stripe gives up
/// after some 20 s.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const WEBHOOK_TIME_LIMIT: Duration = Duration::from_secs(9);
/// Of those that wait for something: the feed for the next notification, a test for the answer of its endpoint.
const PATIENT_TIME_LIMIT: Duration = Duration::from_secs(40);

/// Rules are tried on all of history, all of the ledger is checked, and what is due is summed from it. Whose history takes longer has the
/// command line.
const OF_ALL_HISTORY: [&str; 3] = ["/api/v1/program/simulate", "/api/v1/proof", "/api/v1/payouts/due"];
const SIMULATION_TIME_LIMIT: Duration = Duration::from_mins(1);

/// A year: whoever has spoken TLS with us once does so for that long (RFC 6797).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// An answer is what it says it is, and nobody keeps it: it is about money and people.
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The outermost part of the service.
pub(crate) struct Edge {
    state: AppState,
    routes: Routes,
    is_tls: bool,
}

/// The routes of requests that read, and of those that write: each with connections of their own, so that writes that
/// wait for one row keep nobody from reading.
pub(crate) struct Routes {
    pub(crate) reads: Router,
    pub(crate) writes: Router,
}

impl Edge {
    pub(crate) fn new(state: AppState, routes: Routes, is_tls: bool) -> Self {
        Self { state, routes, is_tls }
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
            let received = webhook::receive(&self.state, project, parts, Drained::new(body));
            let answer = self.bounded(WEBHOOK_TIME_LIMIT, received).await;
            let answer = answer.unwrap_or_else(IntoResponse::into_response);
            let response = finish(answer, &id, ErrorForm::Object, self.is_tls);
            self.state.meters.webhook(response.status().as_u16(), started.elapsed());
            return response;
        }
        let method = label(request.method());
        if let Some(console) = self.state.console.as_ref().filter(|_| webconsole::owns(request.uri().path()))
        {
            let span = tracing::info_span!("console", id = id.to_str().unwrap_or_default(), method);
            let answer = self.visit(console, peer, request).instrument(span).await;
            let response = with_common_headers(answer, &id, self.is_tls);
            Meters::request(
                webconsole::ROOT.to_owned(),
                method,
                response.status().as_u16(),
                started.elapsed(),
            );
            return response;
        }
        let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default(), method);
        let wanted = Wanted::by(request.headers());
        let visited = Visited::by(&request);
        let answer = if is_probe(request.uri().path()) {
            self.ask(request).await
        } else {
            let limit = match request.uri().path() {
                path if OF_ALL_HISTORY.contains(&path) => SIMULATION_TIME_LIMIT,
                path if waits(path) => PATIENT_TIME_LIMIT,
                _ => TIME_LIMIT,
            };
            let routed = self.bounded(limit, self.route(peer, request)).instrument(span.clone()).await;
            routed.unwrap_or_else(IntoResponse::into_response)
        };
        let form = wanted.form(&answer, &self.state.keys);
        let response = span.in_scope(|| finish(answer, &id, form, self.is_tls));
        let response = match visited {
            Some(visited) => console::for_a_browser(response, visited),
            None => response,
        };
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
        limit: Duration,
        answer: impl Future<Output = Result<Response, ApiError>>,
    ) -> Result<Response, ApiError> {
        let _begun = self.state.places.for_beginning()?;
        match tokio::time::timeout(limit, AssertUnwindSafe(answer).catch_unwind()).await {
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
        let address = ClientAddress::of(peer, request.headers(), self.state.limits.trusted_proxies());
        let allowance = match self.state.limits.address(address) {
            None => None,
            Some(Ok(left)) => Some(left),
            Some(Err(refused)) => return Err(ApiError::RateLimited(refused)),
        };
        let mut response = self.ask(request).await;
        // The key's allowance may be there already: the nearer one is told.
        let of_key = response.extensions().get::<Allowance>().copied();
        if let Some(nearest) = allowance.into_iter().chain(of_key).min_by_key(|left| left.remaining) {
            response.extensions_mut().insert(nearest);
        }
        Ok(response)
    }

    /// A page of the console, or a small one that says why not. Only who is not signed in counts by its address: a console that
    /// is open asks again and again.
    async fn visit<B>(&self, console: &MountedConsole, peer: IpAddr, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let address = ClientAddress::of(peer, request.headers(), self.state.limits.trusted_proxies());
        let limit = if console::reads_history(&request) { SIMULATION_TIME_LIMIT } else { TIME_LIMIT };
        let visited = async {
            if console.counts(&request)
                && let Some(Err(refused)) = self.state.limits.address(address)
            {
                return Err(ApiError::RateLimited(refused));
            }
            let _place = self.state.places.for_request()?;
            let client = webconsole::Client { peer, address: address.to_string(), is_tls: self.is_tls };
            Ok(console.answer(client, request.map(Drained::new).map(Body::new)).await)
        };
        self.bounded(limit, visited).await.unwrap_or_else(|error| console::refusal(&error))
    }

    async fn ask<B>(&self, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let routes = if request.method().is_safe() { &self.routes.reads } else { &self.routes.writes };
        match routes.clone().oneshot(request.map(Drained::new).map(Body::new)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Probes and scrapes are neither counted nor turned away: they come from the operator.
fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

/// Whether a call may wait for longer than a store takes.
fn waits(path: &str) -> bool {
    path == "/api/v1/events" || (path.starts_with("/api/v1/webhook-endpoints/") && path.ends_with("/test"))
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
fn finish(mut response: Response, id: &HeaderValue, form: ErrorForm, is_tls: bool) -> Response {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let name = id.to_str().unwrap_or_default();
        let fault = response.extensions_mut().remove::<Fault>();
        if let Some(KeptError(kept)) = response.extensions_mut().remove() {
            *response.body_mut() = Body::from(error::with_request_id(&kept, name, form));
            media_type::mark_as_json(response.headers_mut());
        }
        match &fault {
            Some(Fault(error)) => {
                if let ApiError::RateLimited(allowance) = **error {
                    response.extensions_mut().insert(allowance);
                }
                log(status, error, name);
                *response.body_mut() = Body::from(error::of_error(error, name, form));
                media_type::mark_as_json(response.headers_mut());
            }
            None if !media_type::is_json(response.headers()) => {
                *response.body_mut() = Body::from(error::of_status(status, name, form));
                media_type::mark_as_json(response.headers_mut());
            }
            None => {}
        }
    }
    let allowance = response.extensions().get::<Allowance>().copied();
    if let Some(allowance) = allowance {
        let headers = response.headers_mut();
        headers.insert(LIMIT, HeaderValue::from(allowance.limit));
        headers.insert(REMAINING, HeaderValue::from(allowance.remaining));
        headers.insert(RESET, HeaderValue::from(allowance.reset));
    }
    with_common_headers(response, id, is_tls)
}

fn with_common_headers(mut response: Response, id: &HeaderValue, is_tls: bool) -> Response {
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, id.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

/// What is behind a 5xx is told here and nowhere else.
fn log(status: StatusCode, error: &ApiError, id: &str) {
    let causes = std::error::Error::source(error).map(common::causes).unwrap_or_default();
    match error {
        ApiError::Internal(_) => tracing::error!(request.id = id, %causes, "a request failed"),
        ApiError::Unavailable { .. } => {
            tracing::warn!(request.id = id, %causes, "a request was turned away: {error}");
        }
        _ => tracing::debug!(request.id = id, status = status.as_u16(), "{error}"),
    }
}
