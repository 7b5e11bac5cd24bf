//! Events settled while somebody is notified of all that they move.

use super::settle;
use crate::bench::{
    load::rate,
    plan::Plan,
    site::{Site, Through},
};
use anyhow::Context as _;
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
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long the first notification may take once all is settled, and how often is looked for it.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);

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
    let arrived = arrived(&taken);
    let settled = settle::measure_and(site, plan, Through::Database, 1, plan.history, arrived).await;
    // What is still to be sent goes with it, so that the measurements after this one have the machine to themselves.
    endpoints::delete(&mut *site.pool.acquire().await?, site.realm, endpoint).await?;
    shutdown.cancel();
    receiver.await?;
    let (settled, delivered) = settled?;
    Ok(Seen { settled, delivered: rate(delivered, took(plan.events, settled)) })
}

/// How many have arrived by now, which a short run may end before; that one arrives at all is waited for, so that what was
/// measured is a worker that notifies.
async fn arrived(taken: &AtomicU64) -> anyhow::Result<u64> {
    let meanwhile = taken.load(Ordering::Relaxed);
    let first = async {
        while taken.load(Ordering::Relaxed) == 0 {
            sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, first).await.context("nobody was notified")?;
    Ok(meanwhile)
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
