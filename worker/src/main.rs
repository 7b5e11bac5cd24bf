//! `tributary-worker`: the worker's role as a process of its own.

use clap::Parser;
use common::config::{DatabaseArgs, LogArgs, QueueArgs, StripeArgs};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Many small allocations from several threads: this one is fast at them and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes messages from the queue and settles them into the ledger.
#[derive(Parser)]
#[command(name = "tributary-worker", version)]
struct Options {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    queue: QueueArgs,
    #[command(flatten)]
    stripe: StripeArgs,
    #[command(flatten)]
    log: LogArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    common::telemetry::init(&options.log)?;
    let shutdown = CancellationToken::new();
    tokio::spawn({
        let shutdown = shutdown.clone();
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            shutdown.cancel();
        }
    });
    let settings = worker::Settings {
        database_url: options.database.required()?,
        queue: &options.queue,
        stripe: &options.stripe,
    };
    worker::run(settings, shutdown).await
}
