//! `tributary events …`

mod follow;
mod tail;

pub(super) use follow::Follow;

use crate::context::Context;
use clap::Subcommand;

/// `events …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show notifications as they come
    Tail(tail::TailArgs),
}

/// Runs one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::Tail(args) => tail::run(&args, context).await,
    }
}
