//! A backlog that drains while webhooks keep coming: what that does to those who post them.

use crate::bench::{
    load::{self, rate},
    plan::Plan,
    site::{SECRET, Site, Through, stop},
};
use anyhow::ensure;
use tokio::time::Instant;

/// Seconds of the load that is compared with.
const QUIET_SECONDS: u64 = 5;

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backlog {
    /// Milliseconds, 99th percentile, while nothing waits.
    pub(crate) quiet_p99: f64,
    /// Milliseconds, 99th percentile, while the backlog drains.
    pub(crate) draining_p99: f64,
    /// Events a second that were settled, those of the load among them.
    pub(crate) rate: f64,
}

/// One API under the plan's rate, first alone, then while one worker drains the backlog.
pub(crate) async fn measure(site: &Site, plan: &Plan, through: Through) -> anyhow::Result<Backlog> {
    let stores = site.stores(through);
    let (api, address) = site.api(&stores).await?;
    let post = async |seconds: u64| {
        let count = u64::from(plan.rate) * seconds;
        let events = site.workload(count).events(0, count);
        load::steady(address, &site.webhook_path, SECRET, events, plan.rate, plan.connections, None).await
    };
    let quiet = post(QUIET_SECONDS).await?;
    site.fill(&stores, site.workload(plan.backlog).events(0, plan.backlog)).await?;
    let waiting = plan.backlog + u64::from(plan.rate) * QUIET_SECONDS;
    let target = site.settled().await? + i64::try_from(waiting)?;
    let began = Instant::now();
    let mut workers = site.workers(&stores, 1)?;
    let (draining, ended) =
        tokio::join!(post(u64::from(plan.steady_seconds)), site.wait_for(target, &mut workers));
    stop(workers).await?;
    api.stop().await?;
    let (draining, ended) = (draining?, ended?);
    ensure!(quiet.refused + draining.refused == 0, "webhooks were refused");
    Ok(Backlog {
        quiet_p99: quiet.latencies.at(0.99),
        draining_p99: draining.latencies.at(0.99),
        rate: rate(waiting, ended - began),
    })
}
