//! The limit per API key, which the API processes share by way of the database.
//!
//! Each process counts for itself and never asks for a request. Every few seconds it reports what it let
//! through and takes over what all of them together let through ([`Shared::report`],
//! [`Shared::take_over`]). In between it does not see the others: of one window, P processes let through at
//! most P − 1 times what one of them gets in such an interval on top of the limit.

use super::quota::{Allowance, one_more};
use governor::clock::{Clock, Reference};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::api_key_usage::Usage;

/// A limit of `count` requests in `window` for each key, in windows as those of [`Quotas`](super::Quotas).
pub(crate) struct Shared<C: Clock> {
    count: NonZeroU32,
    window: Duration,
    clock: C,
    began: C::Instant,
    keys: Mutex<HashMap<i64, Window>>,
}

/// A key's current window.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Since the limit began.
    ends: Duration,
    /// Requests of all processes, as far as known.
    used: u32,
    /// Those of them that the others do not know of.
    unreported: u32,
    /// Those of them that are being reported.
    in_report: u32,
}

impl<C: Clock> Shared<C> {
    pub(crate) fn new(count: NonZeroU32, window: Duration, clock: C) -> Self {
        let began = clock.now();
        Self { count, window, clock, began, keys: Mutex::default() }
    }

    /// Counts a request: what is left, or that it is one too many.
    pub(crate) fn take(&self, key: i64) -> Result<Allowance, Allowance> {
        let now = self.now();
        let fresh = Window { ends: now.saturating_add(self.window), used: 0, unreported: 0, in_report: 0 };
        let mut keys = self.lock();
        let window = keys.entry(key).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        let allowance = one_more(self.count, window.used, window.ends.saturating_sub(now))?;
        window.used = window.used.saturating_add(1);
        window.unreported = window.unreported.saturating_add(1);
        Ok(allowance)
    }

    /// What the others have to know, and the keys of which this process wants to. Each report is followed by
    /// [`Self::take_over`] or [`Self::not_reported`].
    pub(crate) fn report(&self) -> Vec<Usage> {
        let now = self.now();
        let mut keys = self.lock();
        let open = keys.iter_mut().filter(|(_, window)| window.ends > now);
        open.map(|(key, window)| {
            window.in_report = window.unreported;
            window.unreported = 0;
            Usage { key: *key, used: window.in_report, left: window.ends.saturating_sub(now) }
        })
        .collect()
    }

    /// What stands, of all processes.
    pub(crate) fn take_over(&self, standing: &[Usage]) {
        let now = self.now();
        let mut keys = self.lock();
        for usage in standing.iter().filter(|usage| !usage.left.is_zero()) {
            let Some(window) = keys.get_mut(&usage.key) else { continue };
            // What was let through since the report comes on top.
            window.used = usage.used.saturating_add(window.unreported);
            window.ends = now.saturating_add(usage.left);
        }
        for window in keys.values_mut() {
            window.in_report = 0;
        }
    }

    /// The report did not get through: the next one tells it as well.
    pub(crate) fn not_reported(&self) {
        for window in self.lock().values_mut() {
            window.unreported = window.unreported.saturating_add(window.in_report);
            window.in_report = 0;
        }
    }

    /// Forgets the keys whose window is over. There are no more than the deployment has API keys: only those that are
    /// valid come here.
    pub(crate) fn sweep(&self) {
        let now = self.now();
        let mut keys = self.lock();
        keys.retain(|_, window| window.ends > now);
        keys.shrink_to_fit();
    }

    fn now(&self) -> Duration {
        self.clock.now().duration_since(self.began).into()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Window>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    const HOUR: Duration = Duration::from_hours(1);

    fn shared(clock: &FakeRelativeClock) -> Shared<FakeRelativeClock> {
        Shared::new(NonZeroU32::new(1_000).unwrap(), HOUR, clock.clone())
    }

    /// The database's part, for one key: requests, and when the window ends.
    #[derive(Default)]
    struct Ledger {
        now: Duration,
        used: u32,
        ends: Duration,
    }

    impl Ledger {
        fn exchange(&mut self, process: &Shared<FakeRelativeClock>) {
            let report = process.report();
            for usage in &report {
                if self.ends <= self.now {
                    (self.used, self.ends) = (0, self.now + usage.left);
                }
                self.used += usage.used;
            }
            let left = self.ends.saturating_sub(self.now);
            let standing = report.iter().map(|usage| Usage { used: self.used, left, ..*usage });
            process.take_over(&standing.collect::<Vec<_>>());
        }

        fn advance(&mut self, clock: &FakeRelativeClock, time: Duration) {
            clock.advance(time);
            self.now += time;
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
            clock.advance(Duration::from_secs(1));
        }
        let refused = process.take(7).unwrap_err();
        assert_eq!((refused.remaining, refused.reset, refused.retry_after), (0, 2_600, 2_600));
        clock.advance(Duration::from_secs(2_599));
        assert!(process.take(7).is_err());
        clock.advance(Duration::from_secs(1));
        assert_eq!(passes(&process), 1_000);
        assert!(process.take(8).is_ok());
    }

    #[test]
    fn what_one_process_let_through_is_gone_for_the_other() {
        let (clock, mut ledger) = (FakeRelativeClock::default(), Ledger::default());
        let (one, other) = (shared(&clock), shared(&clock));
        for _ in 0..600 {
            one.take(7).unwrap();
        }
        ledger.exchange(&one);
        ledger.advance(&clock, Duration::from_mins(1));
        assert_eq!(other.take(7).unwrap().reset, 3_600);
        ledger.exchange(&other);
        // It is the first process's window from now on.
        let left = other.take(7).unwrap();
        assert_eq!((left.remaining, left.reset), (1_000 - 602, 3_540));
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
        assert_eq!(ledger.used, 2);
    }

    #[test]
    fn processes_that_report_let_through_little_more_than_the_limit() {
        let (clock, mut ledger) = (FakeRelativeClock::default(), Ledger::default());
        let processes = [shared(&clock), shared(&clock), shared(&clock)];
        let mut passed = 0;
        // Twenty requests to each in every interval: 60 were unseen by one or the other when it was full.
        for _ in 0..600 {
            for process in &processes {
                passed += (0..20).filter(|_| process.take(7).is_ok()).count();
                ledger.exchange(process);
            }
            ledger.advance(&clock, Duration::from_secs(2));
        }
        assert!((1_000..=1_000 + 2 * 20).contains(&passed), "{passed}");
        for process in &processes {
            assert!(process.take(7).is_err());
        }
        ledger.advance(&clock, Duration::from_mins(40));
        assert!(processes.iter().all(|process| process.take(7).is_ok()));
    }

    #[test]
    fn without_the_others_a_process_goes_on_alone_and_tells_what_still_stands() {
        let (clock, mut ledger) = (FakeRelativeClock::default(), Ledger::default());
        let process = shared(&clock);
        for _ in 0..5 {
            assert_eq!(passes(&process), 1_000);
            process.report();
            process.not_reported();
            ledger.advance(&clock, HOUR);
        }
        process.take(7).unwrap();
        ledger.exchange(&process);
        assert_eq!(ledger.used, 1);
    }

    #[test]
    fn only_keys_whose_window_is_over_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let process = shared(&clock);
        for key in 0..50 {
            let _ = process.take(key);
        }
        process.sweep();
        assert_eq!(process.lock().len(), 50);
        clock.advance(HOUR);
        process.sweep();
        assert_eq!(process.lock().len(), 0);
    }
}
