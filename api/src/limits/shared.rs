//! The limit per API key, which the API processes share by way of the database.
//!
//! Each process counts for itself and never asks for a request. Every few seconds it reports what it let
//! through and takes over what all of them together have let through ([`Shared::report`],
//! [`Shared::take_over`]). In between it does not see the others: P processes let through at most P − 1 times
//! what one of them gets in such an interval on top of the limit. That is a debt, not a gift: it is
//! counted, and the key pays it back by waiting longer.

use super::quota::{Allowance, seconds};
use common::store::api_key_usage::Usage;
use governor::clock::{Clock, Reference};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A limit of `count` requests in `window` for each key, given back evenly (GCRA), as
/// [`Quotas`](super::Quotas) counts it.
pub(crate) struct Shared<C: Clock> {
    count: NonZeroU32,
    window: Duration,
    /// What one request costs.
    share: Duration,
    max_keys: usize,
    clock: C,
    began: C::Instant,
    keys: Mutex<HashMap<i64, Spent>>,
}

/// What a key has spent; times count from the process's begin.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    /// When all is given back.
    until: Duration,
    /// What of it the others do not know of.
    unreported: Duration,
    /// What of it is being reported.
    in_report: Duration,
}

impl<C: Clock> Shared<C> {
    pub(crate) fn new(count: NonZeroU32, window: Duration, max_keys: usize, clock: C) -> Self {
        let share = (window / count.get()).max(Duration::from_nanos(1));
        let began = clock.now();
        Self { count, window, share, max_keys, clock, began, keys: Mutex::default() }
    }

    /// Counts a request: what is left, or that it is one too many.
    pub(crate) fn take(&self, key: i64) -> Result<Allowance, Allowance> {
        let now = self.now();
        let mut keys = self.lock();
        let spent = keys.entry(key).or_default();
        let standing = spent.until.saturating_sub(now);
        let with_this = standing.saturating_add(self.share);
        // Shares are rounded down to nanoseconds, so a whole window of them fits.
        if with_this > self.window {
            return Err(Allowance {
                limit: self.count.get(),
                remaining: 0,
                reset: seconds(standing),
                retry_after: seconds(with_this.saturating_sub(self.window)).max(1),
            });
        }
        spent.until = now.saturating_add(with_this);
        spent.unreported = spent.unreported.saturating_add(self.share);
        let left = self.window.saturating_sub(with_this).as_nanos() / self.share.as_nanos();
        Ok(Allowance {
            limit: self.count.get(),
            remaining: u32::try_from(left).unwrap_or(u32::MAX).min(self.count.get()),
            reset: seconds(with_this),
            retry_after: 0,
        })
    }

    /// What the others have to know, and the keys of which this process wants to. Each report is followed by
    /// [`Self::take_over`] or [`Self::not_reported`].
    pub(crate) fn report(&self) -> Vec<Usage> {
        let now = self.now();
        let mut keys = self.lock();
        let report = keys.iter_mut().filter(|(_, spent)| spent.until > now || !spent.unreported.is_zero());
        report
            .map(|(key, spent)| {
                spent.in_report = spent.unreported;
                spent.unreported = Duration::ZERO;
                // What was given back while the others could not be told need not be told.
                Usage { key: *key, spent: spent.in_report.min(spent.until.saturating_sub(now)) }
            })
            .collect()
    }

    /// What stands, of all processes.
    pub(crate) fn take_over(&self, standing: &[Usage]) {
        let now = self.now();
        let mut keys = self.lock();
        for usage in standing {
            let Some(spent) = keys.get_mut(&usage.key) else { continue };
            // What was let through since the report comes on top.
            spent.until = now.saturating_add(usage.spent).saturating_add(spent.unreported);
            spent.in_report = Duration::ZERO;
        }
    }

    /// The report did not get through: the next one tells it as well.
    pub(crate) fn not_reported(&self) {
        for spent in self.lock().values_mut() {
            spent.unreported = spent.unreported.saturating_add(spent.in_report);
            spent.in_report = Duration::ZERO;
        }
    }

    /// The most that may stand for a key: what was spent beyond the limit is remembered for one window.
    pub(crate) fn most(&self) -> Duration {
        self.window.saturating_mul(2)
    }

    /// Forgets the keys that have their whole window again, and all of them when too many are left.
    pub(crate) fn sweep(&self) {
        let now = self.now();
        let mut keys = self.lock();
        keys.retain(|_, spent| spent.until > now);
        if keys.len() > self.max_keys {
            tracing::warn!(keys = keys.len(), "a rate limit had too many keys and forgot them");
            keys.clear();
        }
    }

    fn now(&self) -> Duration {
        self.clock.now().duration_since(self.began).into()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Spent>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    const HOUR: Duration = Duration::from_hours(1);

    fn shared(clock: &FakeRelativeClock) -> Shared<FakeRelativeClock> {
        Shared::new(NonZeroU32::new(1_000).unwrap(), HOUR, 10, clock.clone())
    }

    /// The database's part.
    #[derive(Default)]
    struct Ledger(HashMap<i64, Duration>);

    impl Ledger {
        fn exchange(&mut self, process: &Shared<FakeRelativeClock>) {
            let standing: Vec<Usage> = process
                .report()
                .into_iter()
                .map(|Usage { key, spent }| {
                    let standing = self.0.entry(key).or_default();
                    *standing = (*standing + spent).min(process.most());
                    Usage { key, spent: *standing }
                })
                .collect();
            process.take_over(&standing);
        }

        fn advance(&mut self, clock: &FakeRelativeClock, time: Duration) {
            clock.advance(time);
            for standing in self.0.values_mut() {
                *standing = standing.saturating_sub(time);
            }
        }
    }

    fn passes(process: &Shared<FakeRelativeClock>) -> u32 {
        (0..10_000).find(|_| process.take(7).is_err()).unwrap()
    }

    #[test]
    fn the_request_after_the_last_passes_when_it_waits_as_told() {
        let clock = FakeRelativeClock::default();
        let process = shared(&clock);
        for left in (0..1_000).rev() {
            assert_eq!(process.take(7).unwrap().remaining, left);
        }
        let refused = process.take(7).unwrap_err();
        assert_eq!(
            (refused.limit, refused.remaining, refused.reset, refused.retry_after),
            (1_000, 0, 3_600, 4)
        );
        clock.advance(Duration::from_secs(3));
        assert!(process.take(7).is_err());
        clock.advance(Duration::from_secs(1));
        assert!(process.take(7).is_ok());
        assert!(process.take(8).is_ok());
    }

    #[test]
    fn a_limit_that_does_not_divide_its_window_is_given_in_full() {
        let process = Shared::new(NonZeroU32::new(7).unwrap(), HOUR, 10, FakeRelativeClock::default());
        assert_eq!(passes(&process), 7);
    }

    #[test]
    fn what_one_process_let_through_is_gone_for_the_other() {
        let (clock, mut ledger) = (FakeRelativeClock::default(), Ledger::default());
        let (one, other) = (shared(&clock), shared(&clock));
        for _ in 0..600 {
            one.take(7).unwrap();
        }
        other.take(7).unwrap();
        ledger.exchange(&one);
        ledger.exchange(&other);
        assert_eq!(other.take(7).unwrap().remaining, 1_000 - 602);
        ledger.exchange(&other);
        ledger.exchange(&one);
        assert_eq!(one.take(7).unwrap().remaining, 1_000 - 603);
    }

    #[test]
    fn what_is_let_through_during_a_report_is_told_by_the_next() {
        let (clock, mut ledger) = (FakeRelativeClock::default(), Ledger::default());
        let process = shared(&clock);
        process.take(7).unwrap();
        let report = process.report();
        process.take(7).unwrap();
        process.take_over(&report);
        assert_eq!(process.take(7).unwrap().remaining, 997);
        process.report();
        process.not_reported();
        ledger.exchange(&process);
        assert_eq!(ledger.0[&7], process.share * 2);
    }

    #[test]
    fn too_much_is_a_debt() {
        let (clock, mut ledger) = (FakeRelativeClock::default(), Ledger::default());
        let processes = [shared(&clock), shared(&clock), shared(&clock)];
        let at_once: u32 = processes.iter().map(passes).sum();
        assert_eq!(at_once, 3_000);
        for process in processes.iter().chain(&processes) {
            ledger.exchange(process);
        }
        // One window of it is remembered.
        assert_eq!(processes[0].take(7).unwrap_err().reset, 2 * 3_600);
        ledger.advance(&clock, HOUR);
        assert!(processes[1].take(7).is_err());
        ledger.advance(&clock, HOUR);
        assert!(processes[1].take(7).is_ok());
    }

    #[test]
    fn in_the_long_run_the_limit_holds_for_all_together() {
        let (clock, mut ledger) = (FakeRelativeClock::default(), Ledger::default());
        let processes = [shared(&clock), shared(&clock), shared(&clock)];
        let mut passed = 0;
        for _ in 0..(5 * 1_800) {
            for process in &processes {
                passed += u32::from(process.take(7).is_ok());
                ledger.exchange(process);
            }
            ledger.advance(&clock, Duration::from_secs(2));
        }
        // Five hours give back 5,000 after the first 1,000.
        assert!((5_900..=6_010).contains(&passed), "{passed}");
    }

    #[test]
    fn without_the_others_a_process_goes_on_alone_and_tells_what_still_stands() {
        let (clock, mut ledger) = (FakeRelativeClock::default(), Ledger::default());
        let process = shared(&clock);
        for _ in 0..5 {
            passes(&process);
            process.report();
            process.not_reported();
            clock.advance(HOUR);
        }
        process.take(7).unwrap();
        ledger.exchange(&process);
        assert_eq!(ledger.0[&7], process.share);
    }

    #[test]
    fn memory_is_bounded() {
        let clock = FakeRelativeClock::default();
        let process = shared(&clock);
        for key in 0..50 {
            let _ = process.take(key);
        }
        process.sweep();
        assert_eq!(process.lock().len(), 0);
        let _ = process.take(1);
        clock.advance(HOUR);
        process.sweep();
        assert_eq!(process.lock().len(), 0);
    }
}
