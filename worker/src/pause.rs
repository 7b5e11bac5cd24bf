//! Pauses between attempts, interrupted by shutdown.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Pauses that grow from one to the next, with jitter, for ever.
pub(crate) struct Pauses {
    pauses: ExponentialBackoff,
    longest: Duration,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rested {
    /// The pause is over.
    Yes,
    /// The worker is to stop.
    Stop,
}

impl Pauses {
    /// From 50 ms to 5 s: for a store that is away.
    pub(crate) fn for_store() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(5))
    }

    /// From 2 ms to 200 ms: for a transaction that met another.
    pub(crate) fn for_race() -> Self {
        Self::new(Duration::from_millis(2), Duration::from_millis(200))
    }

    fn new(first: Duration, longest: Duration) -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest)
            .without_max_times()
            .with_jitter()
            .build();
        Self { pauses, longest }
    }

    /// Waits for the next pause to end, or for shutdown.
    pub(crate) async fn rest(&mut self, shutdown: &CancellationToken) -> Rested {
        let pause = self.pauses.next().unwrap_or(self.longest);
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Rested::Stop,
            () = tokio::time::sleep(pause) => Rested::Yes,
        }
    }
}
