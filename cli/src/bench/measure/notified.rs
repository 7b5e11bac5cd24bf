//! Events settled while somebody is notified of all that they move.

use super::settle;
use crate::bench::{
    load::rate,
    plan::Plan,
    site::{Site, Through},
};
use anyhow::ensure;
use app::endpoints::{self, Draft, Outgoing};
use domain::ids::EndpointId;
use notify::Policy;
use sealing::Sealer;
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What was seen.
pub(crate) struct Seen {
    /// Events a second that one worker settled, the same worker that sent.
    pub(crate) settled: f64,
    /// Notifications a second that arrived meanwhile.
    pub(crate) delivered: f64,
}

/// The rate of settling with an endpoint for every event.
pub(crate) async fn measure(site: &Site, plan: &Plan) -> anyhow::Result<Seen> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let (taken, shutdown) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
    let receiver = tokio::spawn(api::bare::take(listener, Arc::clone(&taken), shutdown.clone()));
    let endpoint = add(site, url).await?;
    let settled = settle::measure(site, plan, Through::Database, 1, plan.history).await;
    let delivered = taken.load(Ordering::Relaxed);
    // What is still to be sent goes with it, so that the measurements after this one have the machine to themselves.
    endpoints::delete(&mut *site.pool.acquire().await?, site.realm, endpoint).await?;
    shutdown.cancel();
    receiver.await?;
    let settled = settled?;
    ensure!(delivered > 0, "nobody was notified");
    Ok(Seen { settled, delivered: rate(delivered, took(plan.events, settled)) })
}

/// How long so many events take at a rate.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a count of events, for people")]
fn took(events: u64, rate: f64) -> Duration {
    Duration::from_secs_f64(events as f64 / rate)
}

async fn add(site: &Site, url: String) -> anyhow::Result<EndpointId> {
    let draft = Draft {
        url,
        description: Some("whoever is notified of a benchmark".to_owned()),
        events: vec!["*".to_owned()],
        ordered: false,
        timeout_seconds: None,
        secret: None,
    };
    let outgoing = Outgoing::new(Policy::everything(), Sealer::new(None, "webhook endpoint"))?;
    let (endpoint, _) = endpoints::create(&site.pool, &outgoing, site.realm, &draft).await?;
    Ok(endpoint.id)
}
