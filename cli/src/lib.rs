//! The `tributary` command: its roles, the demo, and what an operator asks.

mod bench;
mod commands;
mod context;
pub mod demo;
mod embedded;
mod examples;
mod failure;
mod global_args;
mod mode;
mod options;
mod output;
mod realm_args;
mod rules_file;
mod services;
mod shutdown;
mod stack;
mod stack_args;
mod stripe_args;

use anyhow::Context as _;
use common::{process, telemetry};
use context::Context;
use std::process::ExitCode;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let options = options::Options::read();
    let json = options.global.json;
    let ended = run(options);
    telemetry::flush();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            failure::print(&error, json);
            ExitCode::FAILURE
        }
    }
}

fn run(mut options: options::Options) -> anyhow::Result<()> {
    if options.command.is_a_role() {
        process::raise_descriptor_limit();
    } else {
        options.global.log.quieten();
    }
    let context = Context::new(options.global)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if options.command.is_a_role() {
        telemetry::start_traces(&context.options.log, runtime.handle().clone())
            .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    }
    let done = runtime.block_on(commands::run(options.command, context));
    telemetry::stop_traces();
    // Nothing that is still blocked somewhere keeps the command from ending.
    runtime.shutdown_background();
    done
}
