//! `tributary dead-letters list`

use super::QueueNameArgs;
use crate::{context::Context, output};
use clap::Args;
use domain::ids::{Mode, ProjectId};
use queue::dead_letters::{self, DeadLetter, Filter};
use serde::Serialize;
use std::fmt;

/// Options of `dead-letters list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Only those of one project
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    /// Only those of one mode
    #[arg(long, value_parser = crate::mode::parser())]
    mode: Option<Mode>,
    /// Only those whose reason contains this
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only those before this one: for the next page
    #[arg(long, value_name = "ID")]
    before: Option<i64>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    #[command(flatten)]
    queue: QueueNameArgs,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<DeadLetter>);

/// Lists them.
pub(super) async fn run(args: &ListArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let filter = Filter {
        project: args.project.map(ProjectId),
        mode: args.mode,
        reason: args.reason.clone(),
        before: args.before,
        ..Filter::default()
    };
    let letters = dead_letters::list(&mut connection, &args.queue.queue_prefix, &filter, args.limit).await?;
    context.print(&Listed(letters))
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("There are no dead letters.");
        }
        let mut table = output::table(["id", "project", "mode", "died", "tries", "bytes", "reason"]);
        for letter in &self.0 {
            table.add_row([
                letter.id.to_string(),
                letter.project.map(|project| project.to_string()).unwrap_or_default(),
                letter.mode.map(|mode| mode.to_string()).unwrap_or_default(),
                output::time(letter.died_at),
                letter.attempts.to_string(),
                letter.body_bytes.to_string(),
                letter.reason.clone(),
            ]);
        }
        table.fmt(f)
    }
}
