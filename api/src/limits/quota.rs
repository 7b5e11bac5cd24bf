//! One limit for many keys, with what is left of it.

use arc_swap::ArcSwap;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
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

type Limiter<K, C> = RateLimiter<K, DashMapStateStore<K>, C, StateInformationMiddleware>;

/// A limit of `count` requests in `window` for each key, given back evenly (GCRA): a whole window at
/// once, then one request whenever its share of the window has passed.
pub(crate) struct Quotas<K: Hash + Eq + Clone, C: Clock + Clone> {
    limiter: ArcSwap<Limiter<K, C>>,
    quota: Quota,
    count: NonZeroU32,
    max_keys: usize,
    clock: C,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Quotas<K, C> {
    pub(crate) fn new(count: NonZeroU32, window: Duration, max_keys: usize, clock: C) -> Self {
        let share = window / count.get();
        // A share of nothing is a window of nothing: no limit that anyone could mean.
        let quota = Quota::with_period(share.max(Duration::from_nanos(1)))
            .map_or_else(|| Quota::per_second(count), |quota| quota.allow_burst(count));
        let limiter = ArcSwap::from_pointee(limiter(quota, &clock));
        Self { limiter, quota, count, max_keys, clock }
    }

    /// Counts a request: what is left, or that it is one too many.
    pub(crate) fn take(&self, key: &K) -> Result<Allowance, Allowance> {
        match self.limiter.load().check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(Allowance {
                    limit: self.count.get(),
                    remaining,
                    reset: self.until_full(remaining),
                    retry_after: 0,
                })
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                Err(Allowance {
                    limit: self.count.get(),
                    remaining: 0,
                    reset: self.until_full(0),
                    retry_after: seconds(wait).max(1),
                })
            }
        }
    }

    /// Forgets the keys that have their whole window again, and all of them when too many are left.
    pub(crate) fn sweep(&self) {
        let limiter = self.limiter.load();
        limiter.retain_recent();
        limiter.shrink_to_fit();
        if limiter.len() > self.max_keys {
            tracing::warn!(keys = limiter.len(), "a rate limit had too many keys and forgot them");
            self.limiter.store(Arc::new(self::limiter(self.quota, &self.clock)));
        }
    }

    fn until_full(&self, remaining: u32) -> u64 {
        let used = self.count.get().saturating_sub(remaining);
        seconds(self.quota.replenish_interval().saturating_mul(used))
    }
}

fn limiter<K: Hash + Eq + Clone, C: Clock + Clone>(quota: Quota, clock: &C) -> Limiter<K, C> {
    RateLimiter::new(quota, DashMapStateStore::default(), clock.clone())
}

/// Whole seconds, rounded up: after that many the wait is over.
pub(super) fn seconds(time: Duration) -> u64 {
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
        for key in 0..50 {
            let _ = quotas.take(&key);
        }
        quotas.sweep();
        assert_eq!(quotas.limiter.load().len(), 0);
        let _ = quotas.take(&1);
        clock.advance(Duration::from_mins(1));
        quotas.sweep();
        assert_eq!(quotas.limiter.load().len(), 0);
    }
}
