//! `tributary payout …`

mod cancel;
mod create;
mod export;
mod item;
mod list;
mod mark_paid;
mod show;

use super::decision::user_name;
use crate::context::Context;
use clap::{Args, Subcommand, builder::NonEmptyStringValueParser};

/// `payout …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Collect what is due, net debts, and freeze what is to be paid
    Create(create::CreateArgs),
    /// List payouts, the latest first
    List(list::ListArgs),
    /// Show one with everything it is for
    Show(show::ShowArgs),
    /// Write a file that PayPal, Wise or a spreadsheet takes
    Export(export::ExportArgs),
    /// Record that the money left
    MarkPaid(mark_paid::MarkPaidArgs),
    /// Give one up before its money left; what it was for is due again
    Cancel(cancel::CancelArgs),
}

/// Who does it.
#[derive(Args)]
struct ActorArgs {
    /// Who does it, for the record [default: the name of the user who runs this]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    actor: Option<String>,
}

impl ActorArgs {
    fn name(&self) -> String {
        self.actor.clone().unwrap_or_else(user_name)
    }
}

/// Runs one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::Create(args) => create::run(&args, context).await,
        Command::List(args) => list::run(&args, context).await,
        Command::Show(args) => show::run(&args, context).await,
        Command::Export(args) => export::run(&args, context).await,
        Command::MarkPaid(args) => mark_paid::run(&args, context).await,
        Command::Cancel(args) => cancel::run(&args, context).await,
    }
}
