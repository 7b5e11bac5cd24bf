//! One file a command.

mod key;
mod migrate;
mod project;

use crate::context::Context;
use clap::Subcommand;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Bring the database's tables up to date
    Migrate,
    /// Create, list, show and change projects
    #[command(subcommand)]
    Project(project::Command),
    /// Create, list and revoke the API keys of a project
    #[command(subcommand)]
    Key(key::Command),
}

/// Runs one.
pub(crate) async fn run(command: Command, context: Context) -> anyhow::Result<()> {
    match command {
        Command::Migrate => migrate::run(&context).await,
        Command::Project(command) => project::run(command, &context).await,
        Command::Key(command) => key::run(command, &context).await,
    }
}
