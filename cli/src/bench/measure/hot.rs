//! One more payment of one customer who has many, and one more customer of an address that many have: what that costs,
//! beside the tenth.

use crate::bench::{plan::Plan, site::Site, statistics::Spread};
use anyhow::Context as _;
use bytes::Bytes;
use chrono::Utc;
use common::intake;
use queue::envelope::Source;
use std::time::Instant;
use store::settlement::{self, InboxEvent, Item};
use stripe::metadata::MetadataKeys;

/// Events that are timed, one at a time.
const TIMED: u64 = 5;
/// Events before the first that is timed.
const FEW: u64 = 10;

/// Milliseconds of the payment after the tenth, and of the one after the plan's most: the medians of some.
pub(crate) async fn measure(site: &Site, plan: &Plan) -> anyhow::Result<(f64, f64)> {
    let workload = site.workload(1);
    few_and_many(site, plan.hot, |payment| workload.invoice(0, payment, payment)).await
}

/// Milliseconds of the customer after the tenth, and of the one after the plan's most: the medians of some.
pub(crate) async fn measure_address(site: &Site, plan: &Plan) -> anyhow::Result<(f64, f64)> {
    let workload = site.workload(plan.hot.saturating_add(TIMED));
    few_and_many(site, plan.hot, |customer| workload.of_one_address(customer)).await
}

async fn few_and_many(site: &Site, most: u64, event: impl Fn(u64) -> Bytes) -> anyhow::Result<(f64, f64)> {
    let events = |from: u64, to: u64| -> Vec<Bytes> { (from..to).map(&event).collect() };
    site.settle(events(0, FEW)).await?;
    let few = next(site, &event, FEW).await?;
    site.settle(events(FEW + TIMED, most)).await?;
    let many = next(site, &event, most.max(FEW + TIMED)).await?;
    Ok((few, many))
}

async fn next(site: &Site, event: impl Fn(u64) -> Bytes, from: u64) -> anyhow::Result<f64> {
    let mut took = Vec::new();
    for number in from..from + TIMED {
        let item = read(site, event(number))?;
        let began = Instant::now();
        let mut transaction = site.pool.begin().await?;
        settlement::settle_batch(&mut transaction, &[item]).await?;
        transaction.commit().await?;
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(Spread::of(took).context("nothing was timed")?.median)
}

/// As the worker reads it.
fn read(site: &Site, body: Bytes) -> anyhow::Result<Item> {
    let received_at = Utc::now();
    let read = intake::read(Source::Stripe, &body, site.realm, received_at, &MetadataKeys::default())?;
    let event = InboxEvent {
        account: read.account,
        event_id: read.event_id,
        source: Source::Stripe.as_str(),
        event_type: read.event_type,
        api_version: read.api_version,
        occurred_at: read.occurred_at,
        received_at,
        ignored: read.ignored,
        traceparent: None,
        body,
    };
    Ok(Item { realm: site.realm, event, facts: read.facts })
}
