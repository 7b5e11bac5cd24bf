//! Which dead letters are closed, and what is told of it.

use super::QueueNameArgs;
use app::dead_letters::MOST;
use clap::{ArgGroup, Args};
use queue::{
    Prefix,
    dead_letters::{self, Filter},
};
use serde::Serialize;
use std::fmt;
use store::PgConnection;

/// Which ones.
#[derive(Args)]
#[command(group = ArgGroup::new("which").required(true).args(["ids", "all"]))]
pub(crate) struct WhichArgs {
    /// The dead letters
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// All that are open, at most 10000
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    queue: QueueNameArgs,
}

impl WhichArgs {
    /// Those that were named, or all that are open.
    pub(super) async fn ids(&self, connection: &mut PgConnection) -> anyhow::Result<Vec<i64>> {
        if !self.all {
            return Ok(self.ids.clone());
        }
        let open = dead_letters::list(connection, self.queue(), &Filter::default(), MOST).await?;
        Ok(open.iter().map(|letter| letter.id).collect())
    }

    pub(super) fn is_all(&self) -> bool {
        self.all
    }

    pub(super) fn queue(&self) -> &Prefix {
        &self.queue.queue_prefix
    }
}

/// What becomes of them.
#[derive(Clone, Copy)]
pub(super) enum Closed {
    /// Round again.
    Retry,
    /// Given up.
    Discard,
}

/// What was done.
#[derive(Serialize)]
pub(super) struct Done {
    #[serde(skip)]
    pub(super) how: Closed,
    pub(super) ids: Vec<i64>,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.how {
            Closed::Retry => "sent round again",
            Closed::Discard => "given up",
        };
        match self.ids.len() {
            1 => write!(f, "1 dead letter {what}."),
            n => write!(f, "{n} dead letters {what}."),
        }
    }
}
