//! Stripe's API as far as it is used: lists in pages, newest first, expanded; events of the last 30 days; webhook endpoints and
//! promotion codes that are made; limits and failures.

mod account;
mod endpoints;
mod faults;
mod form;
mod list;
mod promotion_codes;

pub use account::Account;
pub use faults::Faults;

use anyhow::Result;
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use faults::Fault;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};

/// The largest form.
const MOST_FORM: usize = 64 * 1024;

/// A Stripe with one account.
pub struct FakeStripe {
    /// Where it is.
    pub url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    account: Mutex<Account>,
    faults: Faults,
    calls: Mutex<Vec<Call>>,
}

struct Call {
    at: Instant,
    /// Whether a page of a list was asked for, as whoever reads history does, and not one thing.
    of_history: bool,
}

impl FakeStripe {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(account: Account, faults: Faults) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared { account: Mutex::new(account), faults, calls: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            // It ends with the test.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { url, shared, task })
    }

    /// Changes what the account has, while it is listed.
    pub fn change(&self, change: impl FnOnce(&mut Account)) {
        change(&mut self.shared.account.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The most calls of whoever reads history that any second had, and all of them.
    #[must_use]
    pub fn busiest_second(&self) -> (usize, usize) {
        let calls = self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let calls: Vec<Instant> = calls.iter().filter(|call| call.of_history).map(|call| call.at).collect();
        let second = std::time::Duration::from_secs(1);
        let within = |from: &Instant| {
            calls.iter().filter(|call| *call >= from && call.duration_since(*from) < second).count()
        };
        (calls.iter().map(within).max().unwrap_or_default(), calls.len())
    }

    /// The calls of those who ask for what payloads lack.
    #[must_use]
    pub fn questions(&self) -> usize {
        let calls = self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().filter(|call| !call.of_history).count()
    }
}

impl Drop for FakeStripe {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let call = {
        let mut calls = shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let of_history = request.uri().query().is_some_and(|query| query.contains("limit=100"));
        calls.push(Call { at: Instant::now(), of_history });
        calls.len()
    };
    let key = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !key.is_some_and(|key| key.starts_with("Bearer ")) {
        return refuse(StatusCode::UNAUTHORIZED, "You did not provide an API key");
    }
    match shared.faults.of(call) {
        Some(Fault::Limited) => {
            let mut limited = refuse(StatusCode::TOO_MANY_REQUESTS, "Request rate limit exceeded");
            limited.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            return limited;
        }
        Some(Fault::Broken) => {
            return refuse(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our end");
        }
        Some(Fault::Silent) => return std::future::pending().await,
        Some(Fault::CutOff) => return Response::new(Body::from(r#"{"object": "list", "data": [{"id""#)),
        None => {}
    }
    if request.method() == Method::POST {
        let path = request.uri().path().to_owned();
        let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok());
        let key = key.map(str::to_owned);
        let Ok(form) = to_bytes(request.into_body(), MOST_FORM).await else {
            return refuse(StatusCode::BAD_REQUEST, "The form is too large");
        };
        let mut account = shared.account.lock().unwrap_or_else(PoisonError::into_inner);
        return match account.post(&path, &form::Form::read(&String::from_utf8_lossy(&form)), key) {
            Ok(body) => Json(body).into_response(),
            Err((status, message)) => refuse(status, &message),
        };
    }
    let account = shared.account.lock().unwrap_or_else(PoisonError::into_inner);
    let query = list::Query::read(request.uri().query().unwrap_or_default());
    match account.get(request.uri().path(), &query) {
        Ok(body) => Json(body).into_response(),
        Err((status, message)) => refuse(status, &message),
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let body: Value = json!({"error": {"type": "invalid_request_error", "message": message}});
    (status, Json(body)).into_response()
}
