//! `tributary key …`

mod create;
pub(crate) mod list;
mod revoke;

use crate::context::Context;
use clap::Subcommand;

/// `key …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a key and show it, this once
    Create(create::CreateArgs),
    /// List a project's keys, by their first characters
    List(list::ListArgs),
    /// End a key
    Revoke(revoke::RevokeArgs),
}

/// Runs one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::Create(args) => create::run(&args, context).await,
        Command::List(args) => list::run(&args, context).await,
        Command::Revoke(args) => revoke::run(&args, context).await,
    }
}
