//! `tributary worker`

use crate::{context::Context, shutdown};
use clap::Args;
use common::config::{NotifyArgs, QueueArgs, StripeArgs, WatchArgs};

/// Options of `worker`: those of `tributary-worker`.
#[derive(Args)]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    queue: QueueArgs,
    #[command(flatten)]
    stripe: StripeArgs,
    #[command(flatten)]
    notify: NotifyArgs,
    #[command(flatten)]
    watch: WatchArgs,
}

/// Works until a signal comes.
pub(super) async fn run(args: &WorkerArgs, context: &Context) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal()?;
    let database_url = context.database_url()?;
    let WorkerArgs { queue, stripe, notify, watch } = args;
    let settings = worker::Settings { database_url: &database_url, queue, stripe, notify, watch };
    shutdown::in_time(&shutdown, Box::pin(worker::run(settings, shutdown.clone()))).await
}
