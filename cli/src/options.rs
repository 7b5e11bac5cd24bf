//! The command line.

use crate::{commands::Command, global_args::GlobalArgs};
use clap::Parser;

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
    use std::path::PathBuf;

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
