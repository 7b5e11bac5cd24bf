//! Everything in one process: the database where none is named, the API and a worker.

use crate::{context::Context, embedded::Embedded, services::Services, stack_args::StackArgs};
use anyhow::Context as _;
use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    pin::pin,
    time::Duration,
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

/// A start that was interrupted may come to its end, so that it can be undone properly.
const INTERRUPTED: Duration = Duration::from_secs(4);

/// The whole service, running.
pub(crate) struct Stack {
    embedded: Option<Embedded>,
    services: Services,
    database_url: String,
}

impl Stack {
    /// Starts it: binds, finds or starts the database, migrates, serves.
    async fn start(
        args: &StackArgs,
        listener: TcpListener,
        context: &Context,
        data_dir: &Path,
    ) -> anyhow::Result<Self> {
        let Some(url) = context.options.database.url()? else {
            let embedded = Embedded::start(data_dir, args.postgres_bin.as_deref()).await?;
            let database_url = embedded.url().to_owned();
            return match serve(args, listener, &database_url).await {
                Ok(services) => Ok(Self { embedded: Some(embedded), services, database_url }),
                Err(error) => {
                    embedded.stop().await?;
                    Err(error)
                }
            };
        };
        let services = serve(args, listener, url).await?;
        Ok(Self { embedded: None, services, database_url: url.to_owned() })
    }

    /// Starts it, unless `shutdown` comes first: then what was started is stopped, and there is none.
    pub(crate) async fn start_unless(
        shutdown: &CancellationToken,
        args: &StackArgs,
        listener: TcpListener,
        context: &Context,
        data_dir: &Path,
    ) -> anyhow::Result<Option<Self>> {
        let mut start = pin!(Self::start(args, listener, context, data_dir));
        tokio::select! {
            started = &mut start => started.map(Some),
            () = shutdown.cancelled() => {
                if let Ok(Ok(stack)) = timeout(INTERRUPTED, start).await {
                    stack.stop().await?;
                }
                Ok(None)
            }
        }
    }

    /// Where the API is reached from this machine.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.services.address;
        if address.ip().is_unspecified() { (Ipv4Addr::LOCALHOST, address.port()).into() } else { address }
    }

    /// The database, for this process.
    pub(crate) fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Whether the database is ours.
    pub(crate) fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Runs `work` for as long as everything else runs; `None` when `shutdown` came first.
    pub(crate) async fn during<T>(
        &mut self,
        shutdown: &CancellationToken,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<Option<T>> {
        let database = async {
            match &mut self.embedded {
                Some(embedded) => embedded.exited().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Ok(None),
            done = work => done.map(Some),
            error = database => Err(error.into()),
            error = self.services.ended() => Err(error),
        }
    }

    /// Stops everything, the database last.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.services.stop().await;
        match self.embedded {
            Some(embedded) => Ok(embedded.stop().await?),
            None => Ok(()),
        }
    }
}

async fn serve(args: &StackArgs, listener: TcpListener, database_url: &str) -> anyhow::Result<Services> {
    // A connection of its own tells at once why a database cannot be reached.
    drop(store::connect(database_url, "tributary migrate").await?);
    let pool = store::pool(database_url, "tributary migrate", 1)?;
    store::migrate(&pool).await.context("the database cannot be migrated")?;
    pool.close().await;
    Services::start(args, listener, database_url)
}
