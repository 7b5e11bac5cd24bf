//! `tributary project …`

mod connect;
mod create;
mod list;
mod rule_options;
mod show;
mod update;

use crate::context::Context;
use clap::{Args, Subcommand};
use domain::ids::ProjectId;

/// `project …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a project with its rules and its first API key
    Create(create::CreateArgs),
    /// Make the webhook endpoint at Stripe, and keep its signing secret
    ConnectStripe(Box<connect::ConnectArgs>),
    /// List the projects
    List,
    /// Show a project: rules, keys, webhook secrets
    Show(ProjectArgs),
    /// Rename a project, add or revoke a webhook secret, write a new version of its rules
    Update(update::UpdateArgs),
}

/// Names a project.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ProjectArgs {
    /// The project
    #[arg(value_name = "ID")]
    id: Option<i64>,
    /// The project
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
}

impl ProjectArgs {
    fn id(&self) -> ProjectId {
        // One of the two is there: clap sees to it.
        ProjectId(self.project.or(self.id).unwrap_or_default())
    }
}

/// Runs one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::Create(args) => create::run(&args, context).await,
        Command::ConnectStripe(args) => connect::run(&args, context).await,
        Command::List => list::run(context).await,
        Command::Show(args) => show::run(&args, context).await,
        Command::Update(args) => update::run(&args, context).await,
    }
}
