//! A small server for `/metrics`, `/livez` and `/readyz`.

use crate::recorder::{PROMETHEUS, render};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Scrapers and probes at one time; whoever comes beyond waits for a place.
const CONNECTIONS: usize = 32;

/// A client that has not sent its headers by then is left.
const HEADERS: Duration = Duration::from_secs(5);

/// A connection is closed by then, whatever it is doing: probes open a new one, and so do scrapers.
const CONNECTION: Duration = Duration::from_secs(30);

/// Whether traffic or work should come here.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// 200 when true, else 503.
    pub ready: bool,
    /// The body: `status`, and a `reason` that says what to do when it is not ready.
    pub body: Value,
}

/// Serves until `shutdown` is cancelled. `readiness` is asked with each `/readyz`, and must not wait for anything.
pub async fn serve<F>(listener: TcpListener, readiness: F, shutdown: CancellationToken)
where
    F: Fn() -> Readiness + Send + Sync + 'static,
{
    let readiness = Arc::new(readiness);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    shutdown
        .run_until_cancelled(async {
            loop {
                // The semaphore is never closed.
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let Ok((stream, _)) = listener.accept().await else {
                    // Out of descriptors, or the client left: neither is a reason to stop listening.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let readiness = Arc::clone(&readiness);
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let answer = answer(&request, &*readiness);
                        async { Ok::<_, Infallible>(answer) }
                    });
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEADERS)
                        .serve_connection(TokioIo::new(stream), service);
                    // How a probe ends its connection is its own business.
                    let _ = tokio::time::timeout(CONNECTION, connection).await;
                    drop(place);
                });
            }
        })
        .await;
}

fn answer(request: &Request<Incoming>, readiness: &dyn Fn() -> Readiness) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response =
            json_answer(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": "only GET and HEAD" }));
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/livez" => json_answer(StatusCode::OK, &json!({ "status": "alive" })),
        "/readyz" => {
            let Readiness { ready, body } = readiness();
            json_answer(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body)
        }
        "/metrics" => respond(StatusCode::OK, PROMETHEUS, render()),
        _ => json_answer(
            StatusCode::NOT_FOUND,
            &json!({ "error": "this address has /metrics, /livez and /readyz" }),
        ),
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    respond(status, "application/json", body.to_string())
}

fn respond(status: StatusCode, media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
