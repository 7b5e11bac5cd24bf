//! `tributary health`

use crate::context::Context;
use anyhow::{Context as _, bail};
use clap::Args;
use common::config::{ListenAddr, WatchArgs};
use reqwest::{Client, Url};
use serde::Serialize;
use serde_json::Value;
use std::{fmt, time::Duration};

/// A probe that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(3);

/// Options of `health`.
#[derive(Args)]
#[command(after_help = "Examples:
  tributary health                                 the service of this machine, as LISTEN_ADDR or METRICS_ADDR say
  tributary health http://10.0.0.7:8080            ready for traffic?
  tributary health http://10.0.0.7:9465/livez      alive?")]
pub(crate) struct HealthArgs {
    /// Where to ask: /readyz, unless the URL has a path
    url: Option<Url>,
    /// The address of the service of this machine
    #[arg(long, env = "LISTEN_ADDR", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen_addr: ListenAddr,
    #[command(flatten)]
    watch: WatchArgs,
}

#[derive(Serialize)]
struct Health {
    healthy: bool,
    url: String,
    http_status: u16,
    /// What the service said of itself.
    answer: Value,
}

/// Asks, and fails unless the answer is 200.
pub(super) async fn run(args: &HealthArgs, context: &Context) -> anyhow::Result<()> {
    let url = args.target()?;
    if url.scheme() != "http" {
        bail!("{url}: only http is asked, of the service itself; through a proxy, curl --fail {url} does");
    }
    // A container's proxy has no part in what its own service answers.
    let client = Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let response = client.get(url.clone()).send().await;
    let response =
        response.map_err(reqwest::Error::without_url).with_context(|| {
            format!("{url} does not answer; is it running (systemctl status tributary-api), and is this its address (LISTEN_ADDR, METRICS_ADDR)?")
        })?;
    let status = response.status();
    let text = response.text().await.map_err(reqwest::Error::without_url)?;
    let answer = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let health =
        Health { healthy: status.is_success(), url: url.into(), http_status: status.as_u16(), answer };
    context.print(&health)?;
    if !health.healthy {
        bail!("{} answers {status}", health.url);
    }
    Ok(())
}

impl HealthArgs {
    fn target(&self) -> anyhow::Result<Url> {
        let mut url = if let Some(url) = &self.url {
            url.clone()
        } else {
            let address = self.watch.metrics_addr.as_ref().unwrap_or(&self.listen_addr);
            Url::parse(&format!("http://{}", address.from_here())).context("the address cannot be asked")?
        };
        if url.path() == "/" {
            url.set_path("/readyz");
        }
        Ok(url)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.answer.get("status").and_then(Value::as_str);
        write!(f, "{}", status.unwrap_or(if self.healthy { "healthy" } else { "unhealthy" }))?;
        match self.answer.get("reason").and_then(Value::as_str) {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}
