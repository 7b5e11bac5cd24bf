//! The process: from settings to a service that stops when it is told to.

use crate::clock::Clock;
use crate::server::tls::Tls;
use crate::state::{AppState, Parts};
use anyhow::Context;
use common::config::{HttpArgs, QueueArgs};
use queue::Publisher;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Connections for reads and for the REST API's own writes. Webhooks need none of them.
const POOL: u32 = 8;

/// The settings of the API's role.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The database.
    pub database_url: &'a str,
    /// The queue.
    pub queue: &'a QueueArgs,
    /// The server.
    pub http: &'a HttpArgs,
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
    crate::metrics::install()?;
    let Settings { database_url, queue, http } = settings;
    let pool =
        store::pool_for_lists(database_url, "tributary-api", POOL).context("DATABASE_URL cannot be used")?;
    let queue = queue.queue(database_url, "tributary-api")?;
    let tls = match (&http.tls_cert, &http.tls_key) {
        (Some(certificates), Some(key)) => Some(Tls::from_files(certificates, key)?),
        _ => None,
    };
    // The publisher outlives the requests that need it.
    let publishing = CancellationToken::new();
    let publisher = Publisher::start(&queue, publishing.clone());
    let state = AppState::new(Parts {
        pool,
        publisher: publisher.clone(),
        limits: http.limits.clone(),
        clock: Clock::system(),
    });
    let served = crate::serve(listener, tls, state, shutdown).await;
    publishing.cancel();
    publisher.finished().await;
    served.context("the server failed")
}
