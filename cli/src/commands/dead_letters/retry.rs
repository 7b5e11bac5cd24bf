//! `tributary dead-letters retry`

use super::close::{Closed, Done, WhichArgs};
use crate::context::Context;
use app::dead_letters;
use clap::Args;

/// Options of `dead-letters retry`.
#[derive(Args)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    which: WhichArgs,
}

/// Sends them round again: all that were named, or none.
pub(super) async fn run(args: &RetryArgs, context: &Context) -> anyhow::Result<()> {
    let mut transaction = context.database().await?.begin().await?;
    let ids = args.which.ids(&mut transaction).await?;
    let done = dead_letters::retry(&mut transaction, args.which.queue(), &ids).await?;
    transaction.commit().await?;
    context.print(&Done { how: Closed::Retry, ids: done })
}
