//! A role as a process of its own: it logs, it ends when it is told to, and it says why it could not go on.

use crate::{config::LogArgs, telemetry};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{fmt, io, process::ExitCode, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// From the signal to the end. A role finishes or hands back what it has in hand well before; this is for what nobody
/// foresaw, as no supervisor waits for ever.
const STOP: Duration = Duration::from_millis(9_500);

/// Descriptors that a process holds besides its clients' connections: stores, files, the runtime's own.
const OWN_DESCRIPTORS: u64 = 128;

/// Runs `role` until it ends, or until it was told to with SIGTERM or Ctrl-C and ten seconds have passed. What it fails
/// with is its last line on standard error.
pub fn run<F, E>(log: &LogArgs, role: impl FnOnce(CancellationToken) -> F) -> ExitCode
where
    F: Future<Output = Result<(), E>>,
    E: fmt::Display,
{
    let failed = |why: String| {
        telemetry::say(&format!("error: {why}"));
        ExitCode::FAILURE
    };
    if let Err(error) = telemetry::init(log) {
        return failed(format!("RUST_LOG cannot be read: {error}"));
    }
    raise_descriptor_limit();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(format!("no runtime: {error}")),
    };
    if let Err(error) = telemetry::start_traces(log, runtime.handle().clone()) {
        return failed(format!("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {error}"));
    }
    let ended = runtime.block_on(async {
        let shutdown = on_signal(&[SignalKind::terminate(), SignalKind::interrupt()])
            .map_err(|error| format!("signals cannot be received: {error}"))?;
        let role = role(shutdown.clone());
        in_time(&shutdown, role)
            .await
            .ok_or("it did not stop in time and was left behind".to_owned())?
            .map_err(|error| format!("{error:#}"))
    });
    telemetry::stop_traces();
    // Nothing that is still blocked somewhere keeps the process from ending.
    runtime.shutdown_background();
    match ended {
        Ok(()) => {
            telemetry::flush();
            ExitCode::SUCCESS
        }
        Err(why) => failed(why),
    }
}

/// Tells systemd that the process has started, where a unit of `Type=notify` runs it.
pub fn has_started() {
    tell_systemd(sd_notify::NotifyState::Ready);
}

fn tell_systemd(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "systemd was not told");
    }
}

/// Cancelled at the first of these signals; later ones change nothing.
///
/// # Errors
/// When a signal cannot be received.
pub fn on_signal(kinds: &[SignalKind]) -> io::Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    for kind in kinds {
        let (mut received, shutdown) = (signal(*kind)?, shutdown.clone());
        tokio::spawn(async move {
            while received.recv().await.is_some() {
                // Whatever becomes of the line, the process ends.
                let is_first = !shutdown.is_cancelled();
                shutdown.cancel();
                if is_first {
                    tell_systemd(sd_notify::NotifyState::Stopping);
                    tracing::info!("stopping");
                }
            }
        });
    }
    Ok(shutdown)
}

/// What `role` ends with; nothing when it takes longer than ten seconds after `shutdown` was cancelled.
pub async fn in_time<T>(shutdown: &CancellationToken, role: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        ended = role => Some(ended),
        () = async {
            shutdown.cancelled().await;
            tokio::time::sleep(STOP).await;
        } => None,
    }
}

/// Lets the process open as many files and connections as it is allowed to: the soft limit is 1,024 on most systems,
/// for the sake of programs from the time of `select`.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
    }
}

/// Connections from clients that the process has descriptors for.
#[must_use]
pub fn connections_allowed() -> usize {
    match getrlimit(Resource::Nofile).current {
        None => usize::MAX,
        // Half of a limit so small that nothing would be left.
        Some(limit) => {
            usize::try_from(limit.saturating_sub(OWN_DESCRIPTORS).max(limit / 2)).unwrap_or(usize::MAX)
        }
    }
}
