//! Logs. Metrics are recorded through the `metrics` facade; the process that serves `/metrics`
//! installs the recorder.

use crate::config::{LogArgs, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt};

/// Starts logging to standard error, so that standard output stays the command's own.
///
/// A second call changes nothing: a process that runs several roles may start each of them.
///
/// # Errors
/// When the filter cannot be read.
pub fn init(args: &LogArgs) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(args.filter())?;
    let builder =
        fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let started = match args.log_format {
        LogFormat::Pretty => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging had been started before");
    }
    Ok(())
}
