//! `tributary-api`: the HTTP role as a process of its own.

use clap::Parser;
use common::config::{DatabaseArgs, HttpArgs, LogArgs, NotifyArgs, QueueArgs, WatchArgs};
use std::process::ExitCode;

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
    watch: WatchArgs,
    #[command(flatten)]
    notify: NotifyArgs,
    #[command(flatten)]
    log: LogArgs,
}

fn main() -> ExitCode {
    let options: Options = common::config::parse();
    common::process::run(&options.log, async |shutdown| {
        let settings = api::Settings {
            database_url: options.database.required()?,
            queue: &options.queue,
            http: &options.http,
            watch: &options.watch,
            notify: &options.notify,
        };
        api::run(settings, shutdown).await
    })
}
