//! When to stop.

use anyhow::Context as _;
use common::process;
use std::io;
use tokio::signal::unix::SignalKind;
use tokio_util::sync::CancellationToken;

/// Cancelled at the first Ctrl-C, SIGTERM, or when the terminal is closed. Later ones change nothing: what is under way
/// takes ten seconds at most.
pub(crate) fn on_signal() -> io::Result<CancellationToken> {
    process::on_signal(&[SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()])
}

/// Runs a role that ends within ten seconds of `shutdown`, whatever holds it up.
pub(crate) async fn in_time(
    shutdown: &CancellationToken,
    role: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    process::in_time(shutdown, role).await.context("it did not stop in time and was left behind")?
}
