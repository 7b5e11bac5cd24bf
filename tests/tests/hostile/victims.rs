//! Everybody else: signed webhooks, reads, writes and probes, one after the other, while something is going on.

use ::stripe::sample::{Sample, Version};
use anyhow::{Context, Result};
use chrono::Utc;
use cli::demo::programme::Entered;
use reqwest::Client;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tests::{
    figures::{Times, show},
    stripe,
};

/// No wait outlives this.
const LONGEST: Duration = Duration::from_secs(10);

/// What is promised, on a machine that does nothing else.
const P99: Duration = Duration::from_millis(250);

/// How they fared.
#[derive(Debug, Default)]
pub(crate) struct Fared {
    pub(crate) times: Times,
    /// By what was asked for, how often each status came; 0 is no answer.
    pub(crate) statuses: BTreeMap<(&'static str, u16), usize>,
}

impl Fared {
    /// Requests that were not answered as they should be.
    pub(crate) fn failed(&self) -> usize {
        self.statuses
            .iter()
            .filter(|((_, status), _)| !(200..300).contains(status))
            .map(|(_, count)| count)
            .sum()
    }

    /// Prints the figure.
    pub(crate) fn show(&self, when: &str) {
        let (count, p99, longest) = (self.times.count(), self.times.p99(), self.times.longest());
        show(format!("{when}: {count} requests, p99 {p99:?}, longest {longest:?}, {:?}", self.statuses));
    }

    /// Whether the figure is good: as promised, or a few times what this machine gives without an attack.
    pub(crate) fn is_as_good_as(&self, before: &Self) -> bool {
        self.times.p99() <= P99.max(before.times.p99() * 3)
    }
}

/// Asks until the time is over.
pub(crate) async fn ask(api: SocketAddr, entered: &Entered, time: Duration) -> Result<Fared> {
    let http = Client::builder().no_proxy().timeout(LONGEST).build()?;
    let (mut fared, began) = (Fared::default(), Instant::now());
    let get = |path: &str| http.get(format!("http://{api}{path}")).bearer_auth(&entered.api_key);
    let mut number = 0;
    while began.elapsed() < time {
        number += 1;
        let event = Sample::new(number, Version::Dahlia, Utc::now()).invoice_paid();
        let asked: [(&'static str, _); 5] = [
            ("livez", get("/livez")),
            ("readyz", get("/readyz")),
            ("read", get("/api/v1/conversions?limit=5")),
            (
                "write",
                http.post(format!("http://{api}/api/v1/conversions"))
                    .bearer_auth(&entered.api_key)
                    .header("Prefer", "respond-async")
                    .json(&serde_json::json!({"type": "signup", "email": format!("{number}@buyer.example")})),
            ),
            ("webhook", stripe::request(&http, api, entered, &event)),
        ];
        for (what, request) in asked {
            let began = Instant::now();
            let status = match request.send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    answer.bytes().await.context("an answer broke off")?;
                    status
                }
                Err(error) if error.is_timeout() || error.is_connect() || error.is_request() => 0,
                Err(error) => return Err(error.into()),
            };
            fared.times.push(began.elapsed());
            *fared.statuses.entry((what, status)).or_default() += 1;
        }
    }
    Ok(fared)
}
