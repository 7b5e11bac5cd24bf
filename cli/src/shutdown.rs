//! When to stop.

use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Cancelled at the first Ctrl-C, SIGTERM, or when the terminal is closed.
pub(crate) fn on_signal() -> io::Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            // Later ones change nothing: what is under way takes five seconds at most.
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hang_up.recv() => {}
                }
                shutdown.cancel();
            }
        }
    });
    Ok(shutdown)
}
