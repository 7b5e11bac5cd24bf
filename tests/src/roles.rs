//! The API and workers as tasks of the test's own process.

use crate::options::Options;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// An API or a worker that runs.
pub struct Role {
    shutdown: CancellationToken,
    task: JoinHandle<Result<()>>,
}

impl Role {
    /// Stops it as SIGTERM does, and waits for its end.
    ///
    /// # Errors
    /// Its own.
    pub async fn stop(self) -> Result<()> {
        self.shutdown.cancel();
        self.task.await.context("a role panicked")?
    }
}

/// Starts an API on a free port.
pub(crate) async fn api(options: Options, database_url: String) -> Result<(SocketAddr, Role)> {
    let listener = options.http.listen_addr.bind().await?;
    let address = listener.local_addr()?;
    let role = start(|shutdown| async move {
        let Options { queue, http, watch, notify, .. } = &options;
        let settings = api::Settings { database_url: &database_url, queue, http, watch, notify };
        api::run_on(listener, settings, shutdown).await
    });
    Ok((address, role))
}

/// Starts a worker.
pub(crate) fn worker(options: Options, database_url: String) -> Role {
    start(|shutdown| async move {
        let Options { queue, stripe, notify, watch, .. } = &options;
        let settings = worker::Settings { database_url: &database_url, queue, stripe, notify, watch };
        worker::run(settings, shutdown).await
    })
}

fn start<F>(role: impl FnOnce(CancellationToken) -> F) -> Role
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(role(shutdown.clone()));
    Role { shutdown, task }
}
