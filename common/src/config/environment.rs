//! Reading options and the environment.

use clap::{Arg, Command, Parser, builder::Resettable, error::ErrorKind};
use std::{env, ffi::OsString, fs};

/// The options of this process, as its command line and its environment say. Ends the process where they cannot be read,
/// or where help was asked for.
///
/// A variable that is set to nothing counts as not set, whatever the option: that is how compose files and unit files
/// write "the default". A secret may be in a file that its variable with `_FILE` names, as container engines and
/// systemd hand them over: the file's text without white space around it.
#[must_use]
pub fn parse<T: Parser>() -> T {
    parse_as(T::command())
}

/// As [`parse`], with more said in the help than the options say of themselves.
#[must_use]
pub fn parse_as<T: Parser>(command: Command) -> T {
    let mut refused = None;
    let mut command = with_variables(command, &Environment, &mut refused);
    if let Some(reason) = refused {
        command.error(ErrorKind::Io, reason).exit();
    }
    let matches = command.get_matches();
    // What the command line cannot be read for, clap has said by now.
    T::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Where variables and files are read.
trait Surroundings {
    fn variable(&self, name: &str) -> Option<OsString>;
    fn file(&self, path: &str) -> Result<String, std::io::Error>;
}

struct Environment;

impl Surroundings for Environment {
    fn variable(&self, name: &str) -> Option<OsString> {
        env::var_os(name)
    }

    fn file(&self, path: &str) -> Result<String, std::io::Error> {
        fs::read_to_string(path)
    }
}

/// The command, blind for variables without a value, with secrets from files where those are named. The first reason why
/// one cannot be had goes to `refused`.
fn with_variables(command: Command, around: &impl Surroundings, refused: &mut Option<String>) -> Command {
    let command = command.mut_args(|argument| {
        let Some(name) = argument.get_env().and_then(|name| name.to_str()).map(str::to_owned) else {
            return argument;
        };
        let argument = if is_empty(&name, around) { argument.env(Resettable::Reset) } else { argument };
        if !argument.is_hide_env_values_set() {
            return argument;
        }
        match secret(&name, around) {
            Ok(None) => argument,
            Ok(Some(secret)) => with_default(argument, secret),
            Err(reason) => {
                refused.get_or_insert(reason);
                argument
            }
        }
    });
    let subcommands: Vec<String> =
        command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect();
    subcommands.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |subcommand| with_variables(subcommand, around, refused))
    })
}

fn is_empty(name: &str, around: &impl Surroundings) -> bool {
    let value = around.variable(name);
    value.is_some_and(|value| value.to_str().is_some_and(|value| value.trim().is_empty()))
}

/// What the file says that `NAME_FILE` names, if that is set.
fn secret(name: &str, around: &impl Surroundings) -> Result<Option<String>, String> {
    let variable = format!("{name}_FILE");
    if is_empty(&variable, around) {
        return Ok(None);
    }
    let Some(path) = around.variable(&variable) else { return Ok(None) };
    if around.variable(name).is_some() && !is_empty(name, around) {
        return Err(format!("{name} and {variable} are both set: one of them is enough"));
    }
    let path = path.to_string_lossy();
    let text = around.file(&path).map_err(|error| format!("{variable}: {path} cannot be read: {error}"))?;
    match text.trim() {
        "" => Err(format!("{variable}: {path} is empty")),
        text => Ok(Some(text.to_owned())),
    }
}

/// The argument, with a value that its option on the command line beats.
fn with_default(argument: Arg, value: String) -> Arg {
    // Options last as long as the process, and there are few.
    let value: &'static str = String::leak(value);
    argument.env(Resettable::Reset).default_value(value).hide_default_value(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Parser)]
    struct Options {
        #[arg(long, env = "SECRET", hide_env_values = true)]
        secret: Option<String>,
    }

    struct Given(BTreeMap<&'static str, &'static str>);

    impl Surroundings for Given {
        fn variable(&self, name: &str) -> Option<OsString> {
            self.0.get(name).map(OsString::from)
        }

        fn file(&self, path: &str) -> Result<String, std::io::Error> {
            fs::read_to_string(path)
        }
    }

    fn read(variables: &[(&'static str, &'static str)], line: &[&str]) -> Result<Option<String>, String> {
        let mut refused = None;
        let given = Given(variables.iter().copied().collect());
        let command = with_variables(<Options as clap::CommandFactory>::command(), &given, &mut refused);
        if let Some(reason) = refused {
            return Err(reason);
        }
        let line = ["program"].iter().chain(line).copied();
        let matches = command.try_get_matches_from(line).map_err(|error| error.to_string())?;
        Ok(<Options as clap::FromArgMatches>::from_arg_matches(&matches).unwrap().secret)
    }

    #[test]
    fn a_secret_comes_from_the_file_that_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "  s3cret\n").unwrap();
        let path: &'static str = String::leak(file.path().to_str().unwrap().to_owned());
        assert_eq!(read(&[("SECRET_FILE", path)], &[]).unwrap().as_deref(), Some("s3cret"));
        assert_eq!(read(&[("SECRET_FILE", path), ("SECRET", "")], &[]).unwrap().as_deref(), Some("s3cret"));
        assert_eq!(read(&[("SECRET_FILE", path)], &["--secret=said"]).unwrap().as_deref(), Some("said"));
        assert_eq!(read(&[("SECRET_FILE", "")], &[]).unwrap(), None);
    }

    #[test]
    fn what_is_wrong_with_the_file_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path: &'static str = String::leak(file.path().to_str().unwrap().to_owned());
        let refused = |variables: &[_]| read(variables, &[]).unwrap_err();
        assert!(refused(&[("SECRET_FILE", path)]).contains("is empty"));
        assert!(
            refused(&[("SECRET_FILE", "/nowhere/at/all")])
                .contains("SECRET_FILE: /nowhere/at/all cannot be read")
        );
        assert!(refused(&[("SECRET_FILE", path), ("SECRET", "x")]).contains("both set"));
    }
}
