//! `tributary api`

use crate::{context::Context, shutdown};
use clap::Args;
use common::config::{HttpArgs, QueueArgs};

/// Options of `api`: those of `tributary-api`.
#[derive(Args)]
pub(crate) struct ApiArgs {
    #[command(flatten)]
    queue: QueueArgs,
    #[command(flatten)]
    http: HttpArgs,
}

/// Serves until a signal comes.
pub(super) async fn run(args: &ApiArgs, context: &Context) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal()?;
    let database_url = context.database_url()?;
    let settings = api::Settings { database_url: &database_url, queue: &args.queue, http: &args.http };
    shutdown::in_time(&shutdown, Box::pin(api::run(settings, shutdown.clone()))).await
}
