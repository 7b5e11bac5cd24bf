//! The options of whatever runs the whole service.

use clap::Args;
use common::config::{HttpArgs, NotifyArgs, QueueArgs, StripeArgs, WatchArgs};
use std::path::PathBuf;

/// Settings of the whole service.
#[derive(Args, Clone)]
pub(crate) struct StackArgs {
    #[command(flatten)]
    pub(crate) http: HttpArgs,
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
    #[command(flatten)]
    pub(crate) stripe: StripeArgs,
    #[command(flatten)]
    pub(crate) notify: NotifyArgs,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
    /// Where PostgreSQL's programs are, when they are not to be searched for
    #[arg(long, env = "POSTGRES_BIN", value_name = "DIR")]
    pub(crate) postgres_bin: Option<PathBuf>,
}
