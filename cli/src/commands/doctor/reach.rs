//! Whether an address leads to the webhooks of this program: they answer a GET by saying that they take a POST.

use app::doctor::Reached;
use reqwest::{Client, Url, redirect::Policy};
use serde::Deserialize;
use std::time::Duration;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the webhooks' address says to a GET.
const ANSWER: (u16, &str) = (405, "method_not_allowed");

#[derive(Deserialize)]
struct Answer {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    code: String,
}

/// Asks each.
pub(super) async fn all(urls: Vec<Url>) -> Vec<Reached> {
    // As Stripe, which follows no redirect.
    let client = Client::builder().redirect(Policy::none()).timeout(PATIENCE).build();
    let mut reached = Vec::new();
    for url in urls {
        let failure = match &client {
            Ok(client) => one(client, url.clone()).await.err(),
            Err(error) => Some(error.to_string()),
        };
        reached.push(Reached { url: url.into(), failure });
    }
    reached
}

async fn one(client: &Client, url: Url) -> Result<(), String> {
    let words = |error: reqwest::Error| common::causes(&error.without_url());
    let response = client.get(url).send().await.map_err(words)?;
    let status = response.status().as_u16();
    let text = response.text().await.map_err(words)?;
    let code = serde_json::from_str::<Answer>(&text).map(|answer| answer.error.code);
    match code {
        Ok(code) if (status, code.as_str()) == ANSWER => Ok(()),
        _ => Err(format!("something else answers there, with status {status}")),
    }
}
