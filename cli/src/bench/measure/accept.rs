//! Webhooks accepted as fast as they are answered.

use crate::bench::{
    load,
    plan::Plan,
    site::{SECRET, Site, Through},
};
use anyhow::ensure;

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accept {
    /// Webhooks a second.
    pub(crate) rate: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
}

/// Floods an API of its own, while no worker runs.
pub(crate) async fn measure(site: &Site, plan: &Plan, through: Through) -> anyhow::Result<Accept> {
    let stores = site.stores(through);
    let (api, address) = site.api(&stores).await?;
    let events = load::sign(SECRET, site.workload(plan.customers()).events(0, plan.events));
    let answered = load::flood(address, &site.webhook_path, events, plan.connections).await;
    api.stop().await?;
    let answered = answered?;
    ensure!(answered.refused == 0, "{} webhooks were refused", answered.refused);
    Ok(Accept { rate: answered.rate(), p50: answered.latencies.at(0.5), p99: answered.latencies.at(0.99) })
}
