//! Logs and traces. Metrics are recorded through the `metrics` facade; the process that serves `/metrics`
//! installs the recorder.
//!
//! Logging never waits and never fails: a line is handed to a thread of its own (`pipe`), and what that thread cannot
//! write in time is lost and counted.

mod json;
mod pipe;
mod secrets;
mod spans;

use crate::config::{LogArgs, LogFormat};
use json::JsonLines;
use pipe::Pipe;
pub use spans::{start_traces, stop_traces};
use std::{
    io::{IsTerminal, Write},
    panic::PanicHookInfo,
    time::Duration,
};
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt::format::JsonFields};

/// What other people's crates say of things that we tell ourselves, in our words: a connection that ends, a call to Stripe
/// that fails. Whoever wants to read them names them, e.g. `RUST_LOG=info,lapin=debug`.
const SAID_BY_US: &str =
    "lapin=off,sqlx::postgres::notice=warn,sqlx_core::pool=off,stripe::hyper=off,stripe_client_core=off";

/// How long a process that ends waits until its last lines are written.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Starts logging to standard error, so that standard output stays the command's own. Panics are logged as well.
///
/// A second call changes nothing: a process that runs several roles may start each of them.
///
/// # Errors
/// When the filter cannot be read.
pub fn init(args: &LogArgs) -> Result<(), ParseError> {
    let filter = filter(&secrets::without(args.filter()))?;
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal());
    let builder = builder.with_writer(Pipe::to_standard_error);
    let started = match args.log_format {
        LogFormat::Pretty => builder.try_init(),
        LogFormat::Json => builder.fmt_fields(JsonFields::new()).event_format(JsonLines).try_init(),
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    } else {
        tracing::debug!("logging had been started before");
    }
    Ok(())
}

/// What is asked for, less what is said by us unless it is named.
fn filter(asked: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::try_new(format!("{SAID_BY_US},{asked}"))
}

/// Waits until the lines so far are written, half a second at most. Called before a process ends.
pub fn flush() {
    Pipe::to_standard_error().flush_within(LAST_LINES);
}

/// Writes a line that is no log, such as why a command failed, in its turn after the log lines. It waits no longer than
/// [`flush`] does.
pub fn say(line: &str) {
    // What a pipe cannot take it counts as lost.
    let _ = Pipe::to_standard_error().write_all(format!("{line}\n").as_bytes());
    flush();
}

/// Log lines that nobody got: standard error was closed, full or not read.
#[must_use]
pub fn lost_lines() -> u64 {
    Pipe::to_standard_error().lost()
}

/// The standard hook would write to standard error by itself, and wait for it.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let what = panic.payload_as_str().unwrap_or("of another kind than a text");
    let location = panic.location().map(tracing::field::display);
    tracing::error!(location, "a panic: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::{Level, enabled, subscriber::with_default};

    #[test]
    fn other_peoples_crates_are_heard_when_they_are_named() {
        let heard = |asked: &str| {
            let subscriber = tracing_subscriber::fmt().with_env_filter(filter(asked).unwrap()).finish();
            with_default(subscriber, || {
                (
                    enabled!(target: "lapin::channel", Level::ERROR),
                    enabled!(target: "stripe::hyper::client", Level::WARN),
                    enabled!(target: "stripe::client", Level::WARN),
                )
            })
        };
        assert_eq!(heard("info"), (false, false, true));
        assert_eq!(heard("trace"), (false, false, true));
        assert_eq!(heard("info,lapin=debug"), (true, false, true));
        assert_eq!(heard("error"), (false, false, false));
    }
}
