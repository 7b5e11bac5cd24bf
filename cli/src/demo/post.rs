//! Posting events as Stripe does: signed, over HTTP, several at once.

use super::programme::WEBHOOK_SECRET;
use anyhow::{Context, ensure};
use chrono::Utc;
use common::stripe::signature;
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use std::time::Duration;

/// Deliveries under way at once.
const AT_ONCE: usize = 8;
/// Longer than the service's own deadline for storing an event.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts every delivery and waits until each was accepted.
pub(crate) async fn post(url: &str, deliveries: &[&str], progress: &ProgressBar) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
    let posts = deliveries.iter().map(|body| post_one(&client, url, body));
    stream::iter(posts).buffer_unordered(AT_ONCE).inspect(|_| progress.inc(1)).try_collect::<()>().await
}

async fn post_one(client: &reqwest::Client, url: &str, body: &str) -> anyhow::Result<()> {
    let signature = signature::sign(WEBHOOK_SECRET, Utc::now(), body.as_bytes());
    let request = client
        .post(url)
        .header("Content-Type", "application/json; charset=utf-8")
        .header("Stripe-Signature", signature)
        .body(body.to_owned());
    let response = request.send().await.with_context(|| format!("cannot post to {url}"))?;
    let status = response.status();
    let answer = response.text().await.unwrap_or_default();
    ensure!(status.is_success(), "the webhook answered {status}: {answer}");
    Ok(())
}
