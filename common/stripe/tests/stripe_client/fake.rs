//! A fake of Stripe's API: it gives its answers in order, the last one for ever, and remembers what it
//! was asked.

use axum::Router;
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    /// Never answers.
    pub(crate) hangs: bool,
    /// How long it takes.
    pub(crate) takes: Duration,
}

impl Answer {
    pub(crate) fn ok(body: &str) -> Self {
        Self { status: StatusCode::OK, body: body.to_owned(), hangs: false, takes: Duration::ZERO }
    }

    /// An error in Stripe's shape.
    pub(crate) fn error(status: StatusCode, kind: &str, message: &str) -> Self {
        let body = format!(r#"{{"error": {{"type": "{kind}", "message": "{message}"}}}}"#);
        Self { status, body, hangs: false, takes: Duration::ZERO }
    }
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: String,
    headers: axum::http::HeaderMap,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

#[derive(Debug, Default)]
struct Memory {
    answers: Vec<Answer>,
    asked: Vec<Asked>,
}

/// The running fake; it stops with the test's runtime.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) url: String,
    memory: Arc<Mutex<Memory>>,
}

impl Fake {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let memory = Arc::new(Mutex::new(Memory { answers, asked: Vec::new() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&memory));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, memory }
    }

    pub(crate) fn requests(&self) -> Vec<Asked> {
        self.memory.lock().unwrap().asked.clone()
    }
}

async fn answer(State(memory): State<Arc<Mutex<Memory>>>, request: Request<axum::body::Body>) -> Response {
    let answer = {
        let mut memory = memory.lock().unwrap();
        let index = memory.asked.len().min(memory.answers.len() - 1);
        memory.asked.push(Asked {
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers: request.headers().clone(),
        });
        memory.answers[index].clone()
    };
    if answer.hangs {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(answer.takes).await;
    (answer.status, [(header::CONTENT_TYPE, "application/json")], answer.body).into_response()
}
