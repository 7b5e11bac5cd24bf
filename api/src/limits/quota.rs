//! One limit for many keys, with what is left of it.

use governor::clock::{Clock, Reference};
use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a caller may still ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Requests in a full window.
    pub(crate) limit: u32,
    /// Requests that may follow at once.
    pub(crate) remaining: u32,
    /// Seconds until the whole window is free again.
    pub(crate) reset: u64,
    /// Seconds after which the next request passes; 0 while some remain.
    pub(crate) retry_after: u64,
}

/// A limit of `count` requests in `window` for each key. A window begins with a key's first request and
/// ends for good: the request after the last gets through when the next one begins, and not before,
/// however slowly the others came.
pub(crate) struct Quotas<K, C: Clock> {
    windows: Mutex<HashMap<K, Window>>,
    count: NonZeroU32,
    window: Duration,
    max_keys: usize,
    clock: C,
    began: C::Instant,
}

/// A key's current window.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Since the limit began.
    ends: Duration,
    used: u32,
}

impl<K: Hash + Eq + Clone, C: Clock> Quotas<K, C> {
    pub(crate) fn new(count: NonZeroU32, window: Duration, max_keys: usize, clock: C) -> Self {
        let began = clock.now();
        Self { windows: Mutex::default(), count, window, max_keys, clock, began }
    }

    /// Counts a request: what is left, or that it is one too many.
    pub(crate) fn take(&self, key: &K) -> Result<Allowance, Allowance> {
        let now = self.now();
        let fresh = Window { ends: now.saturating_add(self.window), used: 0 };
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = match windows.get_mut(key) {
            Some(window) => window,
            None => windows.entry(key.clone()).or_insert(fresh),
        };
        if window.ends <= now {
            *window = fresh;
        }
        let allowance = one_more(self.count, window.used, window.ends.saturating_sub(now))?;
        window.used = window.used.saturating_add(1);
        Ok(allowance)
    }

    /// Forgets the keys whose window is over, and all of them when too many are left.
    pub(crate) fn sweep(&self) {
        let now = self.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.retain(|_, window| window.ends > now);
        windows.shrink_to_fit();
        if windows.len() > self.max_keys {
            tracing::warn!(keys = windows.len(), "a rate limit had too many keys and forgot them");
            windows.clear();
        }
    }

    fn now(&self) -> Duration {
        self.clock.now().duration_since(self.began).into()
    }
}

/// What a window says to one more request, having let `used` through and `left` to run.
pub(super) fn one_more(count: NonZeroU32, used: u32, left: Duration) -> Result<Allowance, Allowance> {
    let reset = seconds(left).max(1);
    let limit = count.get();
    match limit.checked_sub(used).and_then(|free| free.checked_sub(1)) {
        Some(remaining) => Ok(Allowance { limit, remaining, reset, retry_after: 0 }),
        None => Err(Allowance { limit, remaining: 0, reset, retry_after: reset }),
    }
}

/// Whole seconds, rounded up: after that many the wait is over.
fn seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn quotas(clock: &FakeRelativeClock) -> Quotas<u32, FakeRelativeClock> {
        Quotas::new(NonZeroU32::new(100).unwrap(), Duration::from_mins(1), 10, clock.clone())
    }

    #[test]
    fn the_request_after_the_last_passes_when_it_waits_as_told() {
        let clock = FakeRelativeClock::default();
        let quotas = quotas(&clock);
        for left in (0..100).rev() {
            assert_eq!(quotas.take(&1).unwrap().remaining, left);
        }
        let refused = quotas.take(&1).unwrap_err();
        assert_eq!((refused.limit, refused.remaining, refused.reset), (100, 0, 60));
        clock.advance(Duration::from_secs(refused.retry_after));
        assert!(quotas.take(&1).is_ok());
    }

    #[test]
    fn the_101st_of_a_minute_is_one_too_many_however_slowly_they_come() {
        let clock = FakeRelativeClock::default();
        let quotas = quotas(&clock);
        for _ in 0..100 {
            assert!(quotas.take(&1).is_ok());
            clock.advance(Duration::from_millis(590));
        }
        let refused = quotas.take(&1).unwrap_err();
        assert_eq!((refused.retry_after, refused.reset), (1, 1));
        clock.advance(Duration::from_secs(refused.retry_after));
        assert_eq!(quotas.take(&1).unwrap().remaining, 99);
    }

    #[test]
    fn one_key_does_not_use_up_another_ones() {
        let clock = FakeRelativeClock::default();
        let quotas = quotas(&clock);
        for _ in 0..200 {
            let _ = quotas.take(&1);
        }
        assert!(quotas.take(&2).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let clock = FakeRelativeClock::default();
        let quotas = quotas(&clock);
        let known = || quotas.windows.lock().unwrap().len();
        for key in 0..50 {
            let _ = quotas.take(&key);
        }
        quotas.sweep();
        assert_eq!(known(), 0);
        let _ = quotas.take(&1);
        clock.advance(Duration::from_mins(1));
        quotas.sweep();
        assert_eq!(known(), 0);
    }
}
