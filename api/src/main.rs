//! `tributary-api`: the HTTP role as a process of its own.

use clap::Parser;
use common::config::{DatabaseArgs, HttpArgs, LogArgs, QueueArgs};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Many small allocations from several threads: this one is fast at them and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes webhooks and serves the REST API.
#[derive(Parser)]
#[command(name = "tributary-api", version)]
struct Options {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    queue: QueueArgs,
    #[command(flatten)]
    http: HttpArgs,
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
    let settings = api::Settings {
        database_url: options.database.required()?,
        queue: &options.queue,
        http: &options.http,
    };
    api::run(settings, shutdown).await
}
