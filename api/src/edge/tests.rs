//! What the edge makes of what goes wrong behind it.

use super::*;
use crate::clock::Clock;
use crate::state::{Parts, Pools};
use app::endpoints::Outgoing;
use axum::http::HeaderMap;
use axum::routing::get;
use common::config::LimitArgs;
use http_body_util::BodyExt;
use notify::Policy;
use queue::{Prefix, Publisher, QueueConfig};
use sealing::Sealer;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use store::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};

/// An edge before a few routes, and stores that are not there.
fn edge() -> (Edge, DropGuard) {
    let stop = CancellationToken::new();
    let nowhere = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(1);
    let config = QueueConfig::new(Prefix::default(), None, nowhere.clone()).unwrap();
    let state = AppState::new(Parts {
        pools: Pools::one(&PgPool::connect_lazy_with(nowhere)),
        publisher: Publisher::start(&config, stop.clone()),
        limits: LimitArgs::off(),
        clock: Clock::system(),
        outgoing: Outgoing::new(Policy::default(), Sealer::new(None, "webhook endpoint")).unwrap(),
    });
    let routes = Router::new()
        .route("/fine", get(async || "fine"))
        .route("/livez", get(async || StatusCode::NO_CONTENT))
        .route("/panics", get(async || -> &'static str { panic!("the secret is 4711") }))
        .route(
            "/panics/midway",
            get(async || -> &'static str {
                tokio::task::yield_now().await;
                panic!("the secret is 4711")
            }),
        );
    (Edge::new(state, Routes { reads: routes.clone(), writes: routes }, false), stop.drop_guard())
}

async fn ask(edge: &Edge, path: &str) -> (StatusCode, HeaderMap, Value) {
    let request = Request::get(path).header("X-Request-Id", "mine-1").body(Body::empty()).unwrap();
    let response = edge.handle("127.0.0.1".parse().unwrap(), request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_service_goes_on() {
    let (edge, _stop) = edge();
    for path in ["/panics", "/panics/midway"] {
        let (status, headers, body) = ask(&edge, path).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(media_type::is_json(&headers), "{headers:?}");
        let error = serde_json::json!({
            "code": "internal", "message": "Something went wrong on our side", "status": 500, "request_id": "mine-1",
        });
        assert_eq!(body, serde_json::json!({"success": false, "error": error}));
    }
    assert_eq!(ask(&edge, "/fine").await.0, StatusCode::OK);
}

#[tokio::test]
async fn more_than_can_have_begun_are_told_to_come_again_and_probes_are_not() {
    let (edge, _stop) = edge();
    let all: Vec<_> = std::iter::from_fn(|| edge.state.places.for_beginning().ok()).collect();
    assert_eq!(ask(&edge, "/livez").await.0, StatusCode::NO_CONTENT);
    let (status, headers, body) = ask(&edge, "/fine").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(media_type::is_json(&headers) && headers.contains_key("retry-after"), "{headers:?}");
    assert_eq!(body["error"]["code"], "unavailable");
    drop(all);
    assert_eq!(ask(&edge, "/fine").await.0, StatusCode::OK);
}
