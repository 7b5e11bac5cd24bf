//! Somebody who is notified.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// What it does with a notification.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// 200.
    Takes,
    /// This status.
    Answers(u16),
    /// No answer for longer than anybody waits.
    Hangs,
    /// To another place.
    Redirects(String),
}

/// What came.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub raw: Vec<u8>,
    pub body: Value,
}

#[derive(Debug)]
struct Shared {
    behaviour: Mutex<Behaviour>,
    received: Mutex<Vec<Received>>,
    at_once: Mutex<(usize, usize)>,
}

/// A receiver that listens on this machine.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    pub async fn start(behaviour: Behaviour) -> Self {
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            received: Mutex::default(),
            at_once: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", post(receive)).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    /// Everything that came, repeats included.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// Each notification once.
    pub fn ids(&self) -> BTreeSet<String> {
        self.received().iter().map(|it| it.body["id"].as_str().unwrap().to_owned()).collect()
    }

    /// How many were under way at a time, at the most.
    pub fn most_at_once(&self) -> usize {
        self.shared.at_once.lock().unwrap().1
    }
}

/// Counts down also when the sender has hung up, and the answer is not waited for any more.
struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.at_once.lock().unwrap().0 -= 1;
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, raw: Bytes) -> Response {
    {
        let mut at_once = shared.at_once.lock().unwrap();
        at_once.0 += 1;
        at_once.1 = at_once.1.max(at_once.0);
    }
    let _under_way = UnderWay(Arc::clone(&shared));
    let body = serde_json::from_slice(&raw).unwrap();
    shared.received.lock().unwrap().push(Received { headers, raw: raw.to_vec(), body });
    let behaviour = shared.behaviour.lock().unwrap().clone();
    match behaviour {
        Behaviour::Takes => (StatusCode::OK, "answer").into_response(),
        Behaviour::Answers(status) => (StatusCode::from_u16(status).unwrap(), "answer").into_response(),
        Behaviour::Redirects(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        Behaviour::Hangs => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            StatusCode::OK.into_response()
        }
    }
}
