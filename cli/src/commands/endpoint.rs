//! `tributary endpoint …`

mod create;
mod delete;
mod deliveries;
mod enable;
mod item;
mod list;
mod redeliver;
mod rotate_secret;
mod show;
mod test;
mod update;

use crate::context::Context;
use anyhow::Context as _;
use app::endpoints::Outgoing;
use clap::{Args, Subcommand};
use common::config::NotifyArgs;
use domain::ids::{EndpointId, Realm};
use store::{PgConnection, webhook_endpoints};

/// `endpoint …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Have notifications sent to a URL, and show its secret, this once
    Create(create::CreateArgs),
    /// List a project's endpoints
    List(list::ListArgs),
    /// Show one, and how it is doing
    Show(show::ShowArgs),
    /// Change its URL, its events, how it is sent to; pause it
    Update(update::UpdateArgs),
    /// Delete one, with all that is on its way to it
    Delete(delete::DeleteArgs),
    /// Sign with a new secret; the old one signs beside it for 24 hours
    RotateSecret(rotate_secret::RotateSecretArgs),
    /// Send it a notification that tells of nothing, and say what it answers
    Test(test::TestArgs),
    /// Send to it again
    Enable(enable::EnableArgs),
    /// What was sent to it, with each try
    Deliveries(deliveries::DeliveriesArgs),
    /// Send again what failed, what is parked, or what is named
    Redeliver(redeliver::RedeliverArgs),
}

/// Runs one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::Create(args) => create::run(&args, context).await,
        Command::List(args) => list::run(&args, context).await,
        Command::Show(args) => show::run(&args, context).await,
        Command::Update(args) => update::run(&args, context).await,
        Command::Delete(args) => delete::run(&args, context).await,
        Command::RotateSecret(args) => rotate_secret::run(&args, context).await,
        Command::Test(args) => test::run(&args, context).await,
        Command::Enable(args) => enable::run(&args, context).await,
        Command::Deliveries(args) => deliveries::run(&args, context).await,
        Command::Redeliver(args) => redeliver::run(&args, context).await,
    }
}

/// Which endpoint.
#[derive(Args)]
struct EndpointArgs {
    /// The endpoint, by its number
    #[arg(value_name = "ENDPOINT")]
    id: i64,
}

impl EndpointArgs {
    /// Its number, and whose it is.
    async fn find(&self, connection: &mut PgConnection) -> anyhow::Result<(Realm, EndpointId)> {
        let id = EndpointId(self.id);
        let realm = webhook_endpoints::realm_of(connection, id).await?;
        let realm =
            realm.with_context(|| format!("there is no endpoint {id}; `endpoint list` shows them"))?;
        Ok((realm, id))
    }
}

/// What endpoints are reached and signed with.
fn outgoing(args: &NotifyArgs) -> anyhow::Result<Outgoing> {
    Outgoing::new(args.policy(), args.sealer()?).context("TLS cannot be set up")
}
