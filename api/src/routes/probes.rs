//! `/livez`, `/readyz` and `/metrics`, for whoever runs the service.

use crate::answer::json;
use crate::metrics;
use crate::state::AppState;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

/// The media type that Prometheus asks for.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).route("/metrics", get(scrape))
}

/// The process answers: that is all it says.
async fn livez() -> Response {
    json(StatusCode::OK, &json!({ "status": "alive" }))
}

/// Whether traffic should come here.
async fn readyz(State(state): State<AppState>) -> Response {
    let (ready, readiness) = state.health.readiness(&state.publisher, &state.secrets);
    json(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &readiness)
}

async fn scrape() -> Response {
    ([(header::CONTENT_TYPE, PROMETHEUS)], metrics::render()).into_response()
}
