//! Whether more waits to be settled than a batch takes. What can wait goes slower then: money first, then the news of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long it is felt after a batch that was full: longer than the next one takes.
const FELT: Duration = Duration::from_secs(1);

/// Of one worker.
pub(crate) struct Pressure {
    since: Instant,
    /// When the last full batch came, in milliseconds and one; 0 is never.
    last: AtomicU64,
}

impl Default for Pressure {
    fn default() -> Self {
        Self { since: Instant::now(), last: AtomicU64::new(0) }
    }
}

impl Pressure {
    /// A batch came that was `messages` of `most`. A half counts as full: brokers hand out what they have at the moment.
    pub(crate) fn batch(&self, messages: usize, most: usize) {
        if messages >= most / 2 {
            self.last.store(self.now().saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Whether it is felt.
    pub(crate) fn is_felt(&self) -> bool {
        let felt = u64::try_from(FELT.as_millis()).unwrap_or(u64::MAX);
        match self.last.load(Ordering::Relaxed) {
            0 => false,
            last => self.now() < last.saturating_add(felt),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_felt_after_a_full_batch_and_not_after_a_few_messages() {
        let pressure = Pressure::default();
        assert!(!pressure.is_felt());
        pressure.batch(20, 500);
        assert!(!pressure.is_felt());
        pressure.batch(250, 500);
        assert!(pressure.is_felt());
    }

    #[test]
    fn it_is_over_a_while_after_the_last() {
        let long_ago = Instant::now().checked_sub(2 * FELT).unwrap();
        let pressure = Pressure { since: long_ago, last: AtomicU64::new(1) };
        assert!(!pressure.is_felt());
    }
}
