//! How fast lists are read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Never slower than a call a second, however often Stripe says that it is too much.
const SLOWEST: Duration = Duration::from_secs(1);

/// After so long without a complaint it is tried twice as fast, up to what was set.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long is waited after a complaint that does not say it.
const PAUSE: Duration = Duration::from_secs(1);

/// A bucket of one token: calls are never closer together than its interval, so that no second has more of them than was set.
#[derive(Debug)]
pub(super) struct Pace {
    set: Duration,
    /// Who waits for a turn, one after the other: a process that was held up does not make up for it.
    turns: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    interval: Duration,
    next: Instant,
    complained: Instant,
}

impl Pace {
    /// So many calls a second, at least one.
    pub(super) fn new(per_second: u32) -> Self {
        let set = Duration::from_secs(1) / per_second.max(1);
        let now = Instant::now();
        Self {
            set,
            turns: tokio::sync::Mutex::default(),
            state: Mutex::new(State { interval: set, next: now, complained: now }),
        }
    }

    /// Waits for the next call's turn.
    pub(super) async fn turn(&self) {
        let _turn = self.turns.lock().await;
        sleep_until(self.next(Instant::now())).await;
        let mut state = self.state();
        state.next = state.next.max(Instant::now() + state.interval);
    }

    /// Stripe says that it is too much: half as fast, and nothing at all for as long as it asks.
    pub(super) fn slow_down(&self, retry_after: Option<Duration>) {
        self.complained(Instant::now(), retry_after);
    }

    /// When the next call's turn is, for somebody who asks now.
    fn next(&self, now: Instant) -> Instant {
        let mut state = self.state();
        if state.interval > self.set && now.duration_since(state.complained) > PATIENCE {
            state.interval = (state.interval / 2).max(self.set);
            state.complained = now;
        }
        let at = state.next.max(now);
        state.next = at + state.interval;
        at
    }

    fn complained(&self, now: Instant, retry_after: Option<Duration>) {
        let mut state = self.state();
        state.interval = (state.interval * 2).min(SLOWEST.max(self.set));
        state.next = state.next.max(now + retry_after.unwrap_or(PAUSE));
        state.complained = now;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long so many calls take that begin at a time, each as soon as it may.
    fn turns(pace: &Pace, begin: Instant, count: u32) -> Duration {
        (0..count).fold(begin, |now, _| pace.next(now)).duration_since(begin)
    }

    #[test]
    fn no_second_has_more_calls_than_was_set() {
        let (pace, begin) = (Pace::new(20), Instant::now());
        assert!(turns(&pace, begin, 21) >= Duration::from_secs(1));
        let later = begin + Duration::from_mins(1);
        assert!(turns(&pace, later, 21) >= Duration::from_secs(1), "nothing is saved up");
    }

    #[test]
    fn a_complaint_halves_it_for_a_while_and_its_time_is_kept() {
        let (pace, begin) = (Pace::new(20), Instant::now());
        pace.complained(begin, Some(Duration::from_secs(3)));
        assert!(turns(&pace, begin, 1) >= Duration::from_secs(3));
        let after = begin + Duration::from_secs(4);
        assert!(turns(&pace, after, 11) >= Duration::from_secs(1), "ten a second");
        let later = after + PATIENCE + Duration::from_secs(1);
        assert!(turns(&pace, later, 21) < Duration::from_millis(1_100), "twenty again");
    }

    #[test]
    fn it_never_stops_for_good() {
        let (pace, begin) = (Pace::new(20), Instant::now());
        for _ in 0..20 {
            pace.complained(begin, Some(Duration::ZERO));
        }
        assert!(turns(&pace, begin, 6) <= Duration::from_secs(6));
    }
}
