//! The API and a worker as tasks of this process.

use crate::stack::StackArgs;
use anyhow::{Context, anyhow};
use api::{AppState, Clock, Parts, Tls};
use common::{
    queue::{Publisher, QueueConfig},
    store,
};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// `up` stops within five seconds, and the database comes after the services.
const STOP: Duration = Duration::from_millis(2_500);
/// Connections of the API for what is not a webhook.
const POOL: u32 = 8;

/// Both roles, running.
pub(crate) struct Services {
    /// Where the API listens.
    pub(crate) address: SocketAddr,
    shutdown: CancellationToken,
    roles: JoinSet<Ended>,
}

/// A role and how it ended.
type Ended = (&'static str, anyhow::Result<()>);

impl Services {
    /// Starts both. They connect in the background.
    pub(crate) fn start(args: &StackArgs, listener: TcpListener, database_url: &str) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let shutdown = CancellationToken::new();
        let mut roles = JoinSet::new();
        let api = api(args, listener, database_url, shutdown.clone())?;
        roles.spawn(async { ("the API", api.await) });
        let worker = worker(args, database_url, shutdown.clone());
        roles.spawn(async { ("the worker", worker.await) });
        Ok(Self { address, shutdown, roles })
    }

    /// Returns when a role has ended by itself.
    pub(crate) async fn ended(&mut self) -> anyhow::Error {
        match self.roles.join_next().await {
            Some(ended) => failure(ended),
            None => anyhow!("no service runs"),
        }
    }

    /// Stops both; what they have in hand is finished, unless it takes too long.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        let all = async {
            while let Some(ended) = self.roles.join_next().await {
                if !matches!(ended, Ok((_, Ok(())))) {
                    tracing::warn!("{:#}", failure(ended));
                }
            }
        };
        if timeout(STOP, all).await.is_err() {
            tracing::warn!("some requests or messages were not finished in time");
        }
    }
}

fn failure(ended: Result<Ended, JoinError>) -> anyhow::Error {
    match ended {
        Ok((role, Ok(()))) => anyhow!("{role} stopped"),
        Ok((role, Err(error))) => error.context(format!("{role} failed")),
        Err(error) => anyhow!(error).context("a service failed"),
    }
}

/// The API. Its publisher outlives the requests that need it.
fn api(
    args: &StackArgs,
    listener: TcpListener,
    database_url: &str,
    shutdown: CancellationToken,
) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + use<>> {
    api::install_metrics()?;
    let queue = QueueConfig::from_args(&args.queue, database_url, "tributary api")?;
    let tls = match (&args.http.tls_cert, &args.http.tls_key) {
        (Some(certificates), Some(key)) => Some(Tls::from_files(certificates, key)?),
        _ => None,
    };
    let publishing = CancellationToken::new();
    let publisher = Publisher::start(&queue, publishing.clone());
    let state = AppState::new(Parts {
        pool: store::pool(database_url, "tributary api", POOL)?,
        publisher: publisher.clone(),
        limits: args.http.limits.clone(),
        clock: Clock::system(),
    });
    Ok(async move {
        let served = api::serve(listener, tls, state, shutdown).await;
        publishing.cancel();
        publisher.finished().await;
        served.context("it cannot serve")
    })
}

/// The worker, with settings of its own, as the task outlives them.
fn worker(
    args: &StackArgs,
    database_url: &str,
    shutdown: CancellationToken,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    let (queue, stripe, database_url) = (args.queue.clone(), args.stripe.clone(), database_url.to_owned());
    async move {
        let settings = worker::Settings { database_url: &database_url, queue: &queue, stripe: &stripe };
        worker::run(settings, shutdown).await
    }
}
