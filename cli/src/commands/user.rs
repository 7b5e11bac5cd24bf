//! `tributary user …`

mod create;
mod disable;
mod list;

use crate::context::Context;
use clap::Subcommand;

/// `user …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Enter somebody; the password is asked for, or read from standard input
    Create(create::CreateArgs),
    /// List everybody, also those who were disabled
    List,
    /// Keep somebody out from now on, and sign them out everywhere
    Disable(disable::DisableArgs),
}

/// Runs one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::Create(args) => create::run(&args, context).await,
        Command::List => list::run(context).await,
        Command::Disable(args) => disable::run(&args, context).await,
    }
}

/// Who acts here, for the record: whoever has a shell and the database's address.
const ACTOR: &str = "command line";
