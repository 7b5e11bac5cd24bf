//! `tributary-worker`: the worker's role as a process of its own.

use clap::Parser;
use common::config::{DatabaseArgs, LogArgs, NotifyArgs, QueueArgs, StripeArgs, WatchArgs};
use std::process::ExitCode;

/// Many small allocations from several threads: this one is fast at them and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes messages from the queue, settles them into the ledger, and sends notifications of it.
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
    notify: NotifyArgs,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    log: LogArgs,
}

fn main() -> ExitCode {
    let options: Options = common::config::parse();
    common::process::run(&options.log, async |shutdown| {
        let settings = worker::Settings {
            database_url: options.database.required()?,
            queue: &options.queue,
            stripe: &options.stripe,
            notify: &options.notify,
            watch: &options.watch,
        };
        worker::run(settings, shutdown).await
    })
}
