//! `tributary dead-letters retry` and `discard`

use super::QueueNameArgs;
use crate::context::Context;
use anyhow::ensure;
use clap::{ArgGroup, Args};
use queue::dead_letters::{self, Filter};
use serde::Serialize;
use std::fmt;

/// All of them are settled in one transaction, so their number has a bound.
const MOST: i64 = 10_000;

/// Which ones.
#[derive(Args)]
#[command(group = ArgGroup::new("which").required(true).args(["ids", "all"]))]
pub(crate) struct IdArgs {
    /// The dead letters
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// All that are open, at most 10000
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    queue: QueueNameArgs,
}

/// What becomes of them.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    /// Round again.
    Retry,
    /// Given up.
    Discard,
}

#[derive(Serialize)]
struct Done {
    #[serde(skip)]
    verdict: Verdict,
    ids: Vec<i64>,
}

/// Settles them: all that were named, or none.
pub(super) async fn run(args: &IdArgs, verdict: Verdict, context: &Context) -> anyhow::Result<()> {
    let mut transaction = context.database().await?.begin().await?;
    let queue = &args.queue.queue_prefix;
    let ids = if args.all {
        let open = dead_letters::list(&mut transaction, queue, &Filter::default(), MOST).await?;
        open.iter().map(|letter| letter.id).collect()
    } else {
        args.ids.clone()
    };
    let settled = match verdict {
        Verdict::Retry => dead_letters::retry(&mut transaction, queue, &ids).await?,
        Verdict::Discard => dead_letters::discard(&mut transaction, queue, &ids).await?,
    };
    let missing: Vec<String> =
        ids.iter().filter(|id| !settled.contains(id)).map(ToString::to_string).collect();
    ensure!(missing.is_empty(), "nothing done: no open dead letter {}", missing.join(", "));
    transaction.commit().await?;
    context.print(&Done { verdict, ids: settled })
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.verdict {
            Verdict::Retry => "sent round again",
            Verdict::Discard => "given up",
        };
        match self.ids.len() {
            1 => write!(f, "1 dead letter {what}."),
            n => write!(f, "{n} dead letters {what}."),
        }
    }
}
