//! The command line.

use crate::{commands::Command, embedded};
use clap::{Args, Parser};
use common::config::{DatabaseArgs, LogArgs};
use std::path::PathBuf;

/// Which affiliate earned what, and why: referral attribution on your own machines.
///
/// Stripe posts its payment webhooks to it, your back end posts conversions, and it keeps a ledger of commissions that
/// is the same in whatever order they come.
#[derive(Parser)]
#[command(name = "tributary", version, propagate_version = true, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Options {
    /// For every command.
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

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

const EXAMPLES: &str = "\
Examples:
  tributary demo                 see it work: a real database, a Stripe history, a table of who earned what
  tributary up                   run everything here, with nothing else installed but PostgreSQL's programs
  tributary project create --name Acme --commission 20%
  tributary digest               the hash of the whole ledger";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_says_what_it_is_for() {
        fn check(command: &clap::Command) {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{name} {argument}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Options::command());
    }

    #[test]
    fn global_options_may_follow_the_command() {
        let options = Options::try_parse_from([
            "tributary",
            "project",
            "list",
            "--json",
            "--data-dir",
            "/srv/data",
            "--database-url",
            "postgres://localhost/test",
        ])
        .unwrap();
        assert!(options.global.json);
        assert_eq!(options.global.data_dir(), PathBuf::from("/srv/data"));
        assert_eq!(options.global.database.url(), Ok(Some("postgres://localhost/test")));
    }
}
