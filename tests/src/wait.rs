//! Waiting for a condition instead of for time to pass.

use anyhow::{Context, Result};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long a condition may take to come true on a busy machine. Longer than the minute for which PostgreSQL keeps the
/// messages of a killed worker for it.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until `look` succeeds.
///
/// # Errors
/// When that takes longer than [`PATIENCE`]: what was awaited, and why the last look failed.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let failure = match timeout(PATIENCE, look()).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(failure)) => failure,
            Err(elapsed) => elapsed.into(),
        };
        if Instant::now() > deadline {
            return Err(failure).with_context(|| format!("waited {PATIENCE:?} until {what}"));
        }
        sleep(PAUSE).await;
    }
}
