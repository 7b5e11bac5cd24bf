//! The process: from settings to a service that stops when it is told to.

use crate::clock::Clock;
use crate::server::tls::Tls;
use crate::state::{AppState, Parts, Pools};
use anyhow::Context;
use app::endpoints::Outgoing;
use common::config::{HttpArgs, NotifyArgs, QueueArgs, Switch, WatchArgs};
use queue::Publisher;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Connections for requests that read, and as many for those that write. Webhooks need none of them.
const REQUESTS: u32 = 8;
/// Connections for the look-up of a customer.
const CUSTOMERS: usize = 8;
/// Connections for keys, secrets and what goes on beside the requests.
const LOOKUPS: u32 = 4;

/// What was given to the publisher is stored or refused within its own deadline; connections that are frozen are left.
const PUBLISHED: Duration = Duration::from_secs(3);

/// The settings of the API's role.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The database.
    pub database_url: &'a str,
    /// The queue.
    pub queue: &'a QueueArgs,
    /// The server.
    pub http: &'a HttpArgs,
    /// Where it is watched, if not on the server's own address.
    pub watch: &'a WatchArgs,
    /// Notifications out.
    pub notify: &'a NotifyArgs,
}

/// Serves until `shutdown` is cancelled. Logging is the caller's.
///
/// # Errors
/// When a setting is of no use, or the address is taken. Stores that are down are no reason.
pub async fn run(settings: Settings<'_>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let address = &settings.http.listen_addr;
    let listener =
        address.bind().await.with_context(|| format!("cannot listen on {address} (LISTEN_ADDR)"))?;
    run_on(listener, settings, shutdown).await
}

/// As [`run`], on a listener of the caller's.
///
/// # Errors
/// When a setting is of no use.
pub async fn run_on(
    listener: TcpListener,
    settings: Settings<'_>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    watch::install()?;
    let Settings { database_url, queue, http, watch, notify } = settings;
    let watched = watch.bind().await?;
    let pool = |connections| {
        store::pool_for_requests(database_url, "tributary-api", connections)
            .context("DATABASE_URL cannot be used")
    };
    let customers = store::sessions_planned_once(database_url, "tributary-api", CUSTOMERS)
        .context("DATABASE_URL cannot be used")?;
    let pools = Pools { reads: pool(REQUESTS)?, writes: pool(REQUESTS)?, customers, lookups: pool(LOOKUPS)? };
    let queue = queue.queue(database_url, "tributary-api")?;
    let tls = match (&http.tls_cert, &http.tls_key) {
        (Some(certificates), Some(key)) => Some(Tls::from_files(certificates, key)?),
        _ => None,
    };
    let sealer = notify.sealer().context("SECRETS_KEY cannot be used")?;
    let outgoing = Outgoing::new(notify.policy(), sealer).context("TLS cannot be set up")?;
    // The publisher outlives the requests that need it.
    let publishing = CancellationToken::new();
    let publisher = Publisher::start(&queue, publishing.clone());
    let state = AppState::new(Parts {
        pools,
        publisher: publisher.clone(),
        limits: http.limits.clone(),
        clock: Clock::system(),
        outgoing,
    });
    let state = match http.console.console {
        Switch::Off => state,
        Switch::On => state.with_console(crate::console::proxy(&http.console)?),
    };
    let state = match watched {
        None => state,
        Some(listener) => {
            let watched = state.clone();
            tokio::spawn(watch::serve(listener, move || watched.readiness(), shutdown.clone()));
            state.with_metrics_apart()
        }
    };
    common::process::has_started();
    let served = crate::serve(listener, tls, state, &http.connections, shutdown).await;
    publishing.cancel();
    if tokio::time::timeout(PUBLISHED, publisher.finished()).await.is_err() {
        tracing::warn!("the stores did not take leave in time: their connections are dropped");
    }
    served.context("the server failed")
}
