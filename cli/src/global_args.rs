//! The options of every command.

use crate::embedded;
use clap::Args;
use common::config::{DatabaseArgs, LogArgs};
use std::path::PathBuf;

/// Options of every command.
#[derive(Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct GlobalArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Where the private PostgreSQL lives that `up` starts, and where other commands look for it, when no database is
    /// named [default: .tributary]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// Answers as JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

impl GlobalArgs {
    /// The data directory; commands of their own kind have their own default.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| PathBuf::from(embedded::DEFAULT_DATA_DIR))
    }
}
