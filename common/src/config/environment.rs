//! Reading options and the environment.

use clap::{Arg, Command, Parser, builder::Resettable};

/// The options of this process, as its command line and its environment say. Ends the process where they cannot be read,
/// or where help was asked for.
///
/// A variable that is set to nothing counts as not set, whatever the option: that is how compose files and unit files
/// write "the default".
#[must_use]
pub fn parse<T: Parser>() -> T {
    parse_as(T::command())
}

/// As [`parse`], with more said in the help than the options say of themselves.
#[must_use]
pub fn parse_as<T: Parser>(command: Command) -> T {
    let matches = without_empty_variables(command).get_matches();
    // What the command line cannot be read for, clap has said by now.
    T::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The command, blind for variables without a value.
fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_args(|argument| if is_empty(&argument) { blind(argument) } else { argument });
    let subcommands: Vec<String> =
        command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect();
    subcommands
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, without_empty_variables))
}

fn is_empty(argument: &Arg) -> bool {
    let value = argument.get_env().and_then(std::env::var_os);
    value.is_some_and(|value| value.to_str().is_some_and(|value| value.trim().is_empty()))
}

fn blind(argument: Arg) -> Arg {
    argument.env(Resettable::Reset)
}
