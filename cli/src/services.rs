//! The API and a worker as tasks of this process.

use crate::stack_args::StackArgs;
use anyhow::anyhow;
use common::config::WatchArgs;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// `up` stops within five seconds, and the database comes after the services.
const STOP: Duration = Duration::from_millis(2_500);

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
        let api = api(args.clone(), listener, database_url.to_owned(), shutdown.clone());
        roles.spawn(async { ("the API", api.await) });
        let worker = worker(args.clone(), database_url.to_owned(), shutdown.clone());
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

/// The API.
async fn api(
    args: StackArgs,
    listener: TcpListener,
    database_url: String,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let StackArgs { queue, http, watch, notify, .. } = &args;
    let settings = api::Settings { database_url: &database_url, queue, http, watch, notify };
    api::run_on(listener, settings, shutdown).await
}

/// The worker.
async fn worker(args: StackArgs, database_url: String, shutdown: CancellationToken) -> anyhow::Result<()> {
    // The api of this process is watched for both.
    let watch = &WatchArgs::default();
    let StackArgs { queue, stripe, notify, .. } = &args;
    let settings = worker::Settings { database_url: &database_url, queue, stripe, notify, watch };
    worker::run(settings, shutdown).await
}
