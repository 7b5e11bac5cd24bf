//! `tributary dead-letters discard`

use super::close::{Closed, Done, WhichArgs};
use crate::commands::decision::user_name;
use crate::context::Context;
use anyhow::{bail, ensure};
use app::dead_letters;
use clap::{Args, builder::NonEmptyStringValueParser};
use queue::dead_letters::GivenUp;
use std::io::{self, BufRead, Write};

/// Options of `dead-letters discard`.
#[derive(Args)]
pub(crate) struct DiscardArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Why, for the record; --all wants one
    #[arg(long, value_name = "TEXT", required_if_eq("all", "true"), value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Who does it, for the record [default: the name of the user who runs this]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    actor: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Gives them up: all that were named, or none.
pub(super) async fn run(args: &DiscardArgs, context: &Context) -> anyhow::Result<()> {
    let mut transaction = context.database().await?.begin().await?;
    let queue = args.which.queue();
    let ids = args.which.ids(&mut transaction).await?;
    if args.which.is_all() && !args.yes {
        ensure!(is_meant(ids.len())?, "nothing done");
    }
    let actor = args.actor.clone().unwrap_or_else(user_name);
    let given_up = GivenUp { actor: &actor, reason: args.reason.as_deref() };
    let done = dead_letters::discard(&mut transaction, queue, &ids, given_up).await?;
    transaction.commit().await?;
    context.print(&Done { how: Closed::Discard, ids: done })
}

/// Asks, on standard error, and reads the answer from standard input.
fn is_meant(letters: usize) -> anyhow::Result<bool> {
    let mut screen = io::stderr().lock();
    write!(screen, "Give up {letters} dead letters for good? [y/N] ")?;
    screen.flush()?;
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer)? == 0 {
        bail!("nothing done: nobody answered; --yes does not ask");
    }
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
