//! Asking until there is an answer.

use crate::site::Addresses;
use anyhow::{Result, bail};
use cli::demo::programme::Entered;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tests::stripe;
use tokio::time::{Instant, sleep};

/// Between two tries. Who posts has them all the time.
pub(super) const AGAIN: Duration = Duration::from_millis(100);
/// Longer than any fault with what comes after it.
const PATIENCE: Duration = Duration::from_mins(3);

/// Whoever asks.
pub(crate) struct Requests {
    pub(crate) http: Client,
    pub(crate) addresses: Addresses,
    asked: AtomicU64,
    /// How often there was no answer, or a 503.
    pub(crate) refused: AtomicU64,
}

impl Requests {
    /// To any of the APIs.
    pub(crate) fn to(addresses: Addresses) -> Result<Self> {
        let (asked, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { http: stripe::client()?, addresses, asked, refused })
    }

    /// Posts an event until it is accepted.
    pub(crate) async fn deliver(&self, to: &Entered, body: &str) -> Result<()> {
        self.ask(|api| stripe::request(&self.http, api, to, body)).await?;
        Ok(())
    }

    /// Posts to the REST API under an `Idempotency-Key` until that is answered with 2xx; what it says.
    pub(crate) async fn post(&self, to: &Entered, path: &str, key: &str, body: &Value) -> Result<Value> {
        let answer = self
            .ask(|api| {
                let url = format!("http://{api}/api/v1/{path}");
                let request = self.http.post(url).bearer_auth(&to.api_key).header("Idempotency-Key", key);
                request.json(body)
            })
            .await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    async fn ask(&self, request: impl Fn(SocketAddr) -> RequestBuilder) -> Result<Vec<u8>> {
        let began = Instant::now();
        loop {
            let api = self.addresses.one(self.asked.fetch_add(1, Ordering::Relaxed))?;
            let answer = match request(api).send().await {
                Ok(answer) => {
                    let (status, headers) = (answer.status(), answer.headers().clone());
                    let again = status == 503 || (status == 409 && headers.contains_key("retry-after"));
                    match answer.bytes().await {
                        Ok(body) if status.is_success() => return Ok(body.to_vec()),
                        Ok(body) if !again => bail!("{status}: {}", String::from_utf8_lossy(&body)),
                        Ok(body) => format!("{status}: {}", String::from_utf8_lossy(&body)),
                        Err(error) => error.to_string(),
                    }
                }
                Err(error) => error.to_string(),
            };
            self.refused.fetch_add(1, Ordering::Relaxed);
            if began.elapsed() > PATIENCE {
                bail!("not answered in {PATIENCE:?}: {answer}");
            }
            sleep(AGAIN).await;
        }
    }
}
