//! The command line.

use crate::{commands::Command, examples, global_args::GlobalArgs};
use clap::{CommandFactory, Parser};
use common::config;

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

impl Options {
    /// Those of this process. A wrong one ends it, with what is wrong.
    pub(crate) fn read() -> Self {
        config::parse_as(Self::described())
    }

    /// The commands, each with its examples.
    fn described() -> clap::Command {
        examples::added(Self::command())
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

    /// What a shell makes of the line of an example: without its remark, after two blanks, and where it
    /// is written to.
    fn words(line: &str) -> Vec<String> {
        let line = line.trim();
        let ends = ["  ", " > ", " | "].iter().filter_map(|end| line.find(end));
        let command = line.get(..ends.min().unwrap_or(line.len())).unwrap_or_default();
        let (mut words, mut quoted) = (vec![String::new()], false);
        for letter in command.chars() {
            match letter {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                _ => words.last_mut().unwrap().push(letter),
            }
        }
        words
    }

    #[test]
    fn every_command_has_an_example_that_can_be_run() {
        fn check(command: &clap::Command, path: &str) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            // A line may be continued.
            let help: String = help.split("\\\n").map(str::trim_start).collect();
            let lines: Vec<&str> =
                help.lines().filter(|line| line.trim_start().starts_with("tributary ")).collect();
            let own = lines.iter().any(|line| line.trim_start().starts_with(path));
            assert!(own, "{path} has no example");
            for line in lines {
                let parsed = Options::described().try_get_matches_from(words(line));
                assert!(parsed.is_ok(), "{path}: {line}: {:?}", parsed.err());
            }
            for subcommand in command.get_subcommands() {
                check(subcommand, &format!("{path} {}", subcommand.get_name()));
            }
        }
        check(&Options::described(), "tributary");
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
