//! The raw limits of this machine, through the same client libraries.

use crate::bench::{
    load::{self, rate},
    plan::Plan,
    site::{SECRET, Site, Through, queue},
};
use std::net::Ipv4Addr;
use store::bare::{self, Beside};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Rows of one batch of the worker.
const BATCH: usize = 500;
/// Rows of one group commit of the queue in PostgreSQL.
const GROUP: usize = 64;

/// HTTP answers and signatures checked, without a store: requests a second.
pub(crate) async fn http(site: &Site, plan: &Plan) -> anyhow::Result<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(api::bare::serve(listener, SECRET.to_owned(), shutdown.clone()));
    let events = load::sign(SECRET, site.workload(plan.customers()).events(0, plan.events));
    let answered = load::flood(address, "/", events, plan.connections).await;
    shutdown.cancel();
    server.await?;
    Ok(answered?.rate())
}

/// Confirmed publishes to a quorum queue, as many in flight as the load has connections: messages a second.
pub(crate) async fn confirms(site: &Site, plan: &Plan) -> anyhow::Result<f64> {
    let config = queue(&site.stores(Through::Broker))?;
    let bodies = site.workload(plan.customers()).events(0, plan.events);
    let took = queue::bare::confirmed_publishes(&config, &bodies, usize::from(plan.connections)).await?;
    Ok(rate(plan.events, took))
}

/// Rows committed 64 at a time: rows a second.
pub(crate) async fn group_commits(site: &Site, plan: &Plan) -> anyhow::Result<f64> {
    inserts(site, plan, GROUP, Beside::Nothing).await
}

/// Inbox rows committed 500 at a time: rows a second.
pub(crate) async fn inbox(site: &Site, plan: &Plan) -> anyhow::Result<f64> {
    inserts(site, plan, BATCH, Beside::Nothing).await
}

/// The same with one row of money beside each: events a second.
pub(crate) async fn inbox_and_entry(site: &Site, plan: &Plan) -> anyhow::Result<f64> {
    inserts(site, plan, BATCH, Beside::Entry).await
}

async fn inserts(site: &Site, plan: &Plan, batch: usize, beside: Beside) -> anyhow::Result<f64> {
    let bodies = site.workload(plan.customers()).events(0, plan.events);
    Ok(rate(plan.events, bare::inserts(&site.pool, &bodies, batch, beside).await?))
}
