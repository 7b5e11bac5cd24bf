//! One limit for many keys, with what is left of it.

use governor::clock::{Clock, Reference};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
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
///
/// Of more keys than can be remembered the further ones share windows by chance. So a flood of keys gives nobody a new
/// window, and takes none from those who are known.
pub(crate) struct Quotas<K, C: Clock> {
    windows: Mutex<Windows<K>>,
    count: NonZeroU32,
    window: Duration,
    max_keys: usize,
    clock: C,
    began: C::Instant,
}

/// The windows of all keys.
struct Windows<K> {
    known: HashMap<K, Window>,
    /// Of the keys that are too many; empty until there are.
    shared: Vec<Window>,
    hasher: RandomState,
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
        let windows = Windows { known: HashMap::new(), shared: Vec::new(), hasher: RandomState::new() };
        Self { windows: Mutex::new(windows), count, window, max_keys, clock, began }
    }

    /// Counts a request: what is left, or that it is one too many.
    pub(crate) fn take(&self, key: &K) -> Result<Allowance, Allowance> {
        let now = self.now();
        let fresh = Window { ends: now.saturating_add(self.window), used: 0 };
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.of(key, fresh, self.max_keys);
        if window.ends <= now {
            *window = fresh;
        }
        let allowance = one_more(self.count, window.used, window.ends.saturating_sub(now))?;
        window.used = window.used.saturating_add(1);
        Ok(allowance)
    }

    /// Forgets the keys whose window is over.
    pub(crate) fn sweep(&self) {
        let now = self.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.known.retain(|_, window| window.ends > now);
        windows.known.shrink_to_fit();
        if windows.shared.iter().all(|window| window.ends <= now) {
            windows.shared = Vec::new();
        }
    }

    fn now(&self) -> Duration {
        self.clock.now().duration_since(self.began).into()
    }
}

impl<K: Hash + Eq + Clone> Windows<K> {
    fn of(&mut self, key: &K, fresh: Window, max_keys: usize) -> &mut Window {
        let is_full = self.known.len() >= max_keys;
        if !is_full || self.known.contains_key(key) {
            return self.known.entry(key.clone()).or_insert(fresh);
        }
        if self.shared.is_empty() {
            tracing::warn!(keys = max_keys, "a rate limit has too many keys: further ones share windows");
            self.shared = vec![Window { ends: Duration::ZERO, used: 0 }; max_keys.max(1)];
        }
        let length = u64::try_from(self.shared.len()).unwrap_or(u64::MAX).max(1);
        let at = usize::try_from(self.hasher.hash_one(key) % length).unwrap_or(0);
        &mut self.shared[at]
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
        let held = || {
            let windows = quotas.windows.lock().unwrap();
            (windows.known.len(), windows.shared.len())
        };
        for key in 0..50 {
            let _ = quotas.take(&key);
        }
        quotas.sweep();
        assert_eq!(held(), (10, 10));
        clock.advance(Duration::from_mins(1));
        quotas.sweep();
        assert_eq!(held(), (0, 0));
    }

    #[test]
    fn a_flood_of_keys_gives_nobody_a_new_window() {
        let clock = FakeRelativeClock::default();
        let quotas = quotas(&clock);
        for _ in 0..100 {
            quotas.take(&1).unwrap();
        }
        for key in 2..2_000 {
            let _ = quotas.take(&key);
        }
        quotas.sweep();
        assert!(quotas.take(&1).is_err(), "the flood reset the window");
        // Those who are too many are limited as well.
        let let_through = (0..5_000).filter(|_| quotas.take(&12_345).is_ok()).count();
        assert!(let_through <= 100, "{let_through}");
    }
}
