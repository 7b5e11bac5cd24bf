//! Waiting for what a command asked of the workers, and saying what is wrong when none carries it out.

use crate::output;
use anyhow::bail;
use queue::{Prefix, waiting};
use std::time::Duration;
use store::PgPool;
use tokio::time::{Instant, sleep};

/// Between two looks.
const POLL: Duration = Duration::from_millis(50);
/// Long enough for a worker that is busy; somebody waits at the keyboard.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until workers are done with these messages.
///
/// # Errors
/// When no worker takes one in time: that is wrong with the queue's name, or with the workers.
pub(super) async fn wait(
    pool: &PgPool,
    queue: &Prefix,
    messages: &[i64],
    longest: Duration,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + longest;
    let bar = output::counter(!output::is_terminal());
    bar.set_message("waiting for a worker");
    while Instant::now() < deadline && !waiting(&mut *pool.acquire().await?, messages).await?.is_empty() {
        sleep(POLL).await;
    }
    bar.finish_and_clear();
    taken(pool, queue, messages, longest).await
}

/// Whether workers are done with these messages after so long.
///
/// # Errors
/// As [`wait`].
pub(super) async fn taken(
    pool: &PgPool,
    queue: &Prefix,
    messages: &[i64],
    waited: Duration,
) -> anyhow::Result<()> {
    if waiting(&mut *pool.acquire().await?, messages).await?.is_empty() {
        return Ok(());
    }
    bail!(
        "it is kept and waits on the queue {queue:?}, but no worker has carried it out within {} seconds: is one \
         running, and does it read that queue? --queue-prefix (QUEUE_PREFIX) has to be that of the workers",
        waited.as_secs(),
        queue = queue.as_str(),
    );
}
