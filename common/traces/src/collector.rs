//! Posts to a collector.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_http::{HttpClient, HttpError};
use rustls::crypto::CryptoProvider;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// How long a post may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const MOST_ANSWER: usize = 64 * 1024;

/// Idle connections are closed before most collectors do.
const IDLE: Duration = Duration::from_secs(20);

/// The client. What is exported is waited for by a thread that has no runtime; the work is done in the process's.
#[derive(Debug)]
pub(crate) struct Collector {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Handle,
    /// It is said once that it does not work, and once that it does again.
    fails: AtomicBool,
}

impl Collector {
    pub(crate) fn new(runtime: Handle) -> Self {
        if CryptoProvider::get_default().is_none() {
            // Losing a race leaves the provider of the winner, which is as good.
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let http = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { http, runtime, fails: AtomicBool::new(false) }
    }

    fn tell(&self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) if self.fails.swap(false, Ordering::Relaxed) => {
                tracing::info!("the collector of traces takes them again");
            }
            Err(error) if !self.fails.swap(true, Ordering::Relaxed) => {
                tracing::warn!(error, "traces are lost: the collector does not take them");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let call = async move {
            let response = http.request(request.map(Full::new)).await?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MOST_ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        let answered = self.runtime.spawn(async move { tokio::time::timeout(PATIENCE, call).await }).await;
        let answer = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(elapsed)) => Err(elapsed.into()),
            Err(ended) => Err(ended.into()),
        };
        self.tell(match &answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answers {}", answer.status())),
            Err(error) => Err(error.to_string()),
        });
        answer
    }
}
