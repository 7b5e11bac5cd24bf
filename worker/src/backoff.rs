//! Pauses between attempts, interrupted by shutdown.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long work goes on that had begun when the worker was told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// Waits until the worker was told to stop and a while more: then what is under way is left as it is, and will be done
/// again by another.
pub(crate) async fn grace(leave: &CancellationToken) {
    leave.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// Waits so long, or for shutdown.
pub(crate) async fn pause(length: Duration, shutdown: &CancellationToken) -> Waited {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => Waited::Stop,
        () = tokio::time::sleep(length) => Waited::Whole,
    }
}

/// Pauses that grow from one to the next, with jitter, for ever.
pub(crate) struct Backoff {
    backoff: ExponentialBackoff,
    longest: Duration,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The pause is over.
    Whole,
    /// The worker is to stop.
    Stop,
}

impl Backoff {
    /// From 50 ms to 2 s: for a store that is away, and is found again that soon.
    pub(crate) fn for_store() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(2))
    }

    /// From 2 ms to 200 ms: for a transaction that met another.
    pub(crate) fn for_conflict() -> Self {
        Self::new(Duration::from_millis(2), Duration::from_millis(200))
    }

    fn new(first: Duration, longest: Duration) -> Self {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest)
            .without_max_times()
            .with_jitter()
            .build();
        Self { backoff, longest }
    }

    /// How long the next pause is.
    pub(crate) fn length(&mut self) -> Duration {
        self.backoff.next().unwrap_or(self.longest)
    }

    /// Waits for the next pause to end, or for shutdown.
    pub(crate) async fn wait(&mut self, shutdown: &CancellationToken) -> Waited {
        pause(self.length(), shutdown).await
    }
}
