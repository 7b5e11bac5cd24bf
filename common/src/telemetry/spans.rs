//! Traces of the process.

use crate::config::LogArgs;
use std::{path::PathBuf, time::Duration};
use tokio::runtime::Handle;
use traces::Unusable;

/// How long a process that ends waits until its last spans are sent.
const LAST_SPANS: Duration = Duration::from_secs(1);

/// Has spans sent to the collector that is set, under the program's name; without one none are made.
///
/// # Errors
/// When its address cannot be used.
pub fn start_traces(args: &LogArgs, runtime: Handle) -> Result<(), Unusable> {
    let Some(endpoint) = args.otlp_endpoint() else { return Ok(()) };
    let program = std::env::current_exe().unwrap_or_else(|_unknown| PathBuf::from("tributary"));
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    traces::start(endpoint, &name, runtime)
}

/// Sends the last spans, a second at most. It blocks, and wants a runtime that still works.
pub fn stop_traces() {
    traces::stop(LAST_SPANS);
}
