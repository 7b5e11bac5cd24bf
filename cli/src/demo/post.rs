//! Posting events as Stripe does: signed, over HTTP, several at once, and again when they are refused.

use super::programme::WEBHOOK_SECRET;
use anyhow::{Context, bail};
use chrono::Utc;
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use reqwest::{Client, Response, StatusCode, header::RETRY_AFTER};
use std::time::Duration;
use stripe::signature;
use tokio::time::{Instant, sleep};

/// Deliveries under way at once.
const AT_ONCE: usize = 8;
/// Longer than the service's own deadline for storing an event.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A service that takes nothing for so long will not.
const PATIENCE: Duration = Duration::from_mins(1);

/// Posts every delivery and waits until each was accepted.
pub(crate) async fn post(url: &str, deliveries: &[&str], progress: &ProgressBar) -> anyhow::Result<()> {
    let client = Client::builder().timeout(TIMEOUT).no_proxy().build()?;
    let posts = deliveries.iter().map(|body| until_accepted(&client, url, body));
    stream::iter(posts).buffer_unordered(AT_ONCE).inspect(|_| progress.inc(1)).try_collect::<()>().await
}

/// A machine that is busy may turn an event away for a moment, as it may in production.
async fn until_accepted(client: &Client, url: &str, body: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let response = once(client, url, body).await?;
        let (status, pause) = (response.status(), retry_after(&response));
        if status.is_success() {
            return Ok(());
        }
        let answer = response.text().await.unwrap_or_default();
        match pause {
            Some(pause) if status == StatusCode::SERVICE_UNAVAILABLE && Instant::now() < deadline => {
                sleep(pause).await;
            }
            _ => bail!("the webhook answered {status}: {answer}"),
        }
    }
}

async fn once(client: &Client, url: &str, body: &str) -> anyhow::Result<Response> {
    let signature = signature::sign(WEBHOOK_SECRET, Utc::now(), body.as_bytes());
    let request = client
        .post(url)
        .header("Content-Type", "application/json; charset=utf-8")
        .header("Stripe-Signature", signature)
        .body(body.to_owned());
    request.send().await.with_context(|| format!("cannot post to {url}"))
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
