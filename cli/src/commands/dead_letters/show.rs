//! `tributary dead-letters show`

use super::QueueNameArgs;
use crate::{context::Context, output};
use anyhow::Context as _;
use clap::Args;
use queue::dead_letters::{self, DeadLetter};
use serde::Serialize;
use std::fmt;

/// Options of `dead-letters show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// The dead letter
    #[arg(value_name = "ID")]
    id: i64,
    #[command(flatten)]
    queue: QueueNameArgs,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    letter: DeadLetter,
    /// As text; what is no UTF-8 in it is replaced.
    body: String,
}

/// Shows one.
pub(super) async fn run(args: &ShowArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let found = dead_letters::show(&mut connection, &args.queue.queue_prefix, args.id).await?;
    let (letter, body) = found.with_context(|| format!("there is no open dead letter {}", args.id))?;
    context.print(&Shown { letter, body: String::from_utf8_lossy(&body).into_owned() })
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DeadLetter { id, reason, died_at, attempts, headers, .. } = &self.letter;
        writeln!(f, "Dead letter {id}: {reason}")?;
        writeln!(f, "Given up {} after {attempts} deliveries that were put off", output::time(*died_at))?;
        writeln!(f, "Headers: {headers}\n\n{}", self.body)
    }
}
