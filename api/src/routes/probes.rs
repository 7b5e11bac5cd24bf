//! `/livez`, `/readyz` and `/metrics`, for whoever runs the service.

use crate::answer::json;
use crate::error::ApiError;
use crate::state::AppState;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).route("/metrics", get(scrape))
}

/// The process answers: that is all it says.
async fn livez() -> Response {
    json(StatusCode::OK, &json!({ "status": "alive" }))
}

/// Whether traffic should come here.
async fn readyz(State(state): State<AppState>) -> Response {
    let watch::Readiness { ready, body } = state.readiness();
    json(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body)
}

async fn scrape(State(state): State<AppState>) -> Response {
    if state.metrics_apart {
        return ApiError::NotFound("/metrics has an address of its own (METRICS_ADDR)".to_owned())
            .into_response();
    }
    ([(header::CONTENT_TYPE, watch::PROMETHEUS)], watch::render()).into_response()
}
