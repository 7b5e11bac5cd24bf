//! One file a command.

mod dead_letters;
mod explain;
mod key;
mod migrate;
pub(crate) mod project;

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
    /// Tell the story of a payment or a customer: who earned, why, and how much
    Explain(explain::ExplainArgs),
    /// What no worker could settle: list, show, send round again, give up
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
}

/// Runs one.
pub(crate) async fn run(command: Command, context: Context) -> anyhow::Result<()> {
    match command {
        Command::Migrate => migrate::run(&context).await,
        Command::Project(command) => project::run(command, &context).await,
        Command::Key(command) => key::run(command, &context).await,
        Command::Explain(args) => explain::run(&args, &context).await,
        Command::DeadLetters(command) => dead_letters::run(command, &context).await,
    }
}
