//! Events settled from a full queue: facts, fold, conversions and ledger, the raw event kept.

use crate::bench::{
    load::rate,
    plan::Plan,
    site::{Site, Through, stop},
};
use tokio::time::Instant;

/// Events a second that some workers settle. Connecting, which takes milliseconds, is part of it.
pub(crate) async fn measure(
    site: &Site,
    plan: &Plan,
    through: Through,
    workers: usize,
    history: u64,
) -> anyhow::Result<f64> {
    let (settled, ()) = measure_and(site, plan, through, workers, history, async { Ok(()) }).await?;
    Ok(settled)
}

/// As [`measure`], and `then` is asked once all is settled, while the workers still run.
pub(crate) async fn measure_and<Seen>(
    site: &Site,
    plan: &Plan,
    through: Through,
    workers: usize,
    history: u64,
    then: impl Future<Output = anyhow::Result<Seen>>,
) -> anyhow::Result<(f64, Seen)> {
    let customers = if history == 0 { plan.customers() } else { (plan.events / 100).max(1) };
    let workload = site.workload(customers);
    let behind = customers * history;
    if behind > 0 {
        site.settle(workload.events(0, behind)).await?;
    }
    let stores = site.stores(through);
    site.fill(&stores, workload.events(behind, plan.events)).await?;
    let target = site.settled().await? + i64::try_from(plan.events)?;
    let began = Instant::now();
    let mut running = site.workers(&stores, workers)?;
    let ended = async {
        let ended = site.wait_for(target, &mut running).await?;
        anyhow::Ok((ended, then.await?))
    }
    .await;
    stop(running).await?;
    let (ended, seen) = ended?;
    Ok((rate(plan.events, ended - began), seen))
}
