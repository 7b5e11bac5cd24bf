//! A steady load: how long it takes from a webhook that is due to its payment in the look-up, and how much memory.

use crate::bench::{
    client::Client,
    load::{self, Accepted},
    plan::Plan,
    site::{SECRET, Site, Through, stop},
    statistics::Latencies,
};
use anyhow::{bail, ensure};
use bytes::Bytes;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep},
};

/// One event in so many is looked for.
const SAMPLED: usize = 25;
/// Between two look-ups of one customer, at first. Later it is a tenth of what was waited, so that those who wait long do not ask so
/// often that nothing else gets done.
const LOOK: Duration = Duration::from_millis(2);
const OF_WAITED: u32 = 10;
/// An event that cannot be seen after so long is lost.
const LOST: Duration = Duration::from_secs(30);

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steady {
    /// Webhooks a second that were accepted.
    pub(crate) rate: f64,
    /// Milliseconds until the answer, from the time at which the webhook was due.
    pub(crate) accepted: (f64, f64),
    /// Milliseconds until the payment is seen, median and 99th percentile.
    pub(crate) visible: (f64, f64),
    /// Bytes of the API at the end.
    pub(crate) api_bytes: Option<u64>,
    /// Bytes of the worker at the end.
    pub(crate) worker_bytes: Option<u64>,
}

/// One API and one worker under the plan's rate.
pub(crate) async fn measure(site: &Site, plan: &Plan, through: Through) -> anyhow::Result<Steady> {
    let stores = site.stores(through);
    let (api, address) = site.api(&stores).await?;
    let mut workers = site.workers(&stores, 1)?;
    let count = u64::from(plan.rate) * u64::from(plan.steady_seconds);
    // Everybody pays once, so that whoever is found has paid. One more pays before: that both processes have begun is no part of it.
    let workload = site.workload(count + 1);
    let mut events: Vec<Bytes> = (0..=count).map(|number| workload.invoice(number, 0, number)).collect();
    let first = events.split_off(usize::try_from(count)?);
    let project = site.realm.project;
    let path = move |number: usize| {
        let customer = workload.customer_id(u64::try_from(number).unwrap_or_default());
        format!("/api/v1/projects/{project}/stripe-customer-referral-info/{customer}")
    };
    let begun = Instant::now();
    let first = load::steady(address, &site.webhook_path, SECRET, first, 1, 1, None).await?;
    ensure!(first.refused == 0, "the first webhook was refused");
    look(address, site.api_key.clone(), path(events.len()), begun).await?;
    let (give, take) = mpsc::unbounded_channel();
    let watching = tokio::spawn(watch(take, address, site.api_key.clone(), path));
    let answered =
        load::steady(address, &site.webhook_path, SECRET, events, plan.rate, plan.connections, Some(&give))
            .await;
    drop(give);
    let visible = watching.await?;
    let (api_bytes, worker_bytes) = (
        api.resident().await,
        match workers.first_mut() {
            Some(worker) => worker.resident().await,
            None => None,
        },
    );
    api.stop().await?;
    stop(workers).await?;
    let (answered, visible) = (answered?, visible?);
    ensure!(answered.refused == 0, "{} webhooks were refused", answered.refused);
    Ok(Steady {
        rate: answered.rate(),
        accepted: (answered.latencies.at(0.5), answered.latencies.at(0.99)),
        visible: (visible.at(0.5), visible.at(0.99)),
        api_bytes,
        worker_bytes,
    })
}

/// Looks for one event in [`SAMPLED`] until its customer is known, which it is by that event alone.
async fn watch(
    mut accepted: mpsc::UnboundedReceiver<Accepted>,
    address: SocketAddr,
    key: String,
    path: impl Fn(usize) -> String,
) -> anyhow::Result<Latencies> {
    let mut looking = JoinSet::new();
    while let Some(Accepted { number, due }) = accepted.recv().await {
        if number.is_multiple_of(SAMPLED) {
            looking.spawn(look(address, key.clone(), path(number), due));
        }
    }
    let mut latencies = Latencies::new()?;
    while let Some(seen) = looking.join_next().await {
        latencies.record(seen??);
    }
    Ok(latencies)
}

async fn look(address: SocketAddr, key: String, path: String, due: Instant) -> anyhow::Result<Duration> {
    let mut client = Client::connect(address).await?;
    loop {
        let (status, _) = client.get(&path, &key).await?;
        if status.is_success() {
            return Ok(due.elapsed());
        }
        let waited = due.elapsed();
        if waited > LOST {
            bail!("an accepted event cannot be seen after {} s: {path} answers {status}", LOST.as_secs());
        }
        sleep(LOOK.max(waited / OF_WAITED)).await;
    }
}
