//! `tributary api`

use crate::{context::Context, shutdown};
use clap::Args;
use common::config::{HttpArgs, NotifyArgs, QueueArgs, WatchArgs};

/// Options of `api`: those of `tributary-api`.
#[derive(Args)]
pub(crate) struct ApiArgs {
    #[command(flatten)]
    queue: QueueArgs,
    #[command(flatten)]
    http: HttpArgs,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    notify: NotifyArgs,
}

/// Serves until a signal comes.
pub(super) async fn run(args: &ApiArgs, context: &Context) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal()?;
    let database_url = context.database_url()?;
    let ApiArgs { queue, http, watch, notify } = args;
    let settings = api::Settings { database_url: &database_url, queue, http, watch, notify };
    shutdown::in_time(&shutdown, Box::pin(api::run(settings, shutdown.clone()))).await
}
