//! Stripe, as far as it posts: signed, several at once, again when it is refused.

use crate::wait::until;
use anyhow::{Context, Result, bail, ensure};
use chrono::Utc;
use cli::demo::{
    history,
    programme::{Entered, WEBHOOK_SECRET},
};
use futures::{StreamExt, TryStreamExt, stream};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use reqwest::{Client, Response};
use std::{net::SocketAddr, time::Duration};
use stripe::signature;

/// Longer than any deadline of the service, so that what hangs is seen as such.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Deliveries under way at once.
const AT_ONCE: usize = 8;

/// A client without a proxy.
///
/// # Errors
/// When the system has no randomness.
pub fn client() -> Result<Client> {
    Ok(Client::builder().timeout(TIMEOUT).no_proxy().build()?)
}

/// Posts one event, signed now with the programme's secret.
///
/// # Errors
/// When there is no answer.
pub async fn post(http: &Client, api: SocketAddr, to: &Entered, body: &str) -> Result<Response> {
    let signature = signature::sign(WEBHOOK_SECRET, Utc::now(), body.as_bytes());
    post_signed(http, api, to, body.as_bytes(), Some(&signature)).await
}

/// The request with which Stripe would post an event now.
pub fn request(http: &Client, api: SocketAddr, to: &Entered, body: &str) -> reqwest::RequestBuilder {
    http.post(format!("http://{api}{}", to.webhook_path))
        .header("Content-Type", "application/json; charset=utf-8")
        .header("Stripe-Signature", signature::sign(WEBHOOK_SECRET, Utc::now(), body.as_bytes()))
        .body(body.to_owned())
}

/// Posts each event of the demo's history one to three times, in an order of the `seed`'s, until all are accepted.
///
/// # Errors
/// When it is not.
pub async fn post_history(api: SocketAddr, to: &Entered, seed: u64) -> Result<()> {
    let deliveries = history::events();
    let deliveries = shuffled(&deliveries, &mut StdRng::seed_from_u64(seed));
    post_all(&client()?, api, to, &deliveries).await
}

/// Posts whatever, with whatever signature.
///
/// # Errors
/// When there is no answer.
pub async fn post_signed(
    http: &Client,
    api: SocketAddr,
    to: &Entered,
    body: &[u8],
    signature: Option<&str>,
) -> Result<Response> {
    let mut request = http
        .post(format!("http://{api}{}", to.webhook_path))
        .header("Content-Type", "application/json; charset=utf-8")
        .body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("Stripe-Signature", signature);
    }
    request.send().await.context("no answer to a webhook")
}

/// Posts every delivery, several at once, until each is accepted: a busy machine may turn one away for
/// a moment, and Stripe comes again then.
///
/// # Errors
/// When one is not accepted in time, or is refused for good.
pub async fn post_all(http: &Client, api: SocketAddr, to: &Entered, deliveries: &[&str]) -> Result<()> {
    let posts = deliveries.iter().map(|body| post_until_accepted(http, api, to, body));
    stream::iter(posts).buffer_unordered(AT_ONCE).try_collect().await
}

/// The same one after another.
///
/// # Errors
/// As [`post_all`].
pub async fn post_in_order(http: &Client, api: SocketAddr, to: &Entered, deliveries: &[&str]) -> Result<()> {
    for body in deliveries {
        post_until_accepted(http, api, to, body).await?;
    }
    Ok(())
}

async fn post_until_accepted(http: &Client, api: SocketAddr, to: &Entered, body: &str) -> Result<()> {
    let refused = until("the webhook is accepted", async || {
        let response = post(http, api, to, body).await?;
        match response.status().as_u16() {
            200 => Ok(None),
            503 => bail!("503: {}", response.text().await?),
            status => Ok(Some(format!("{status}: {}", response.text().await?))),
        }
    });
    let refused = refused.await?;
    ensure!(refused.is_none(), "the webhook answered {}", refused.unwrap_or_default());
    Ok(())
}

/// Each event one to three times, in any order.
pub fn shuffled<'a>(events: &'a [String], random: &mut impl Rng) -> Vec<&'a str> {
    let mut deliveries: Vec<&str> = events
        .iter()
        .flat_map(|event| std::iter::repeat_n(event.as_str(), random.random_range(1..=3)))
        .collect();
    deliveries.shuffle(random);
    deliveries
}
