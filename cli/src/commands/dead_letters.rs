//! `tributary dead-letters …`

mod close;
mod discard;
mod list;
mod retry;
mod show;

use crate::context::Context;
use clap::{Args, Subcommand};
use queue::Prefix;

/// `dead-letters …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what no worker could settle, the latest first
    List(list::ListArgs),
    /// Show one with its body
    Show(show::ShowArgs),
    /// Send some round again, once what was wrong is mended
    Retry(retry::RetryArgs),
    /// Give some up for good; they stay on record
    Discard(discard::DiscardArgs),
}

/// Which deployment's.
#[derive(Args)]
struct QueueNameArgs {
    /// The deployment, when several share a database
    #[arg(long, env = "QUEUE_PREFIX", value_name = "NAME", default_value_t)]
    queue_prefix: Prefix,
}

/// Runs one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list::run(&args, context).await,
        Command::Show(args) => show::run(&args, context).await,
        Command::Retry(args) => retry::run(&args, context).await,
        Command::Discard(args) => discard::run(&args, context).await,
    }
}
