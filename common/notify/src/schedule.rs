//! When a try is repeated, and when no more.

use crate::client::{Answer, Control, Failure, Outcome};
use chrono::TimeDelta;
use std::time::Duration;

/// From one try to the next, as Standard Webhooks has it: 75 hours in all.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// How many tries a schedule has.
pub const TRIES: usize = PAUSES.len() + 1;

/// The longest that a receiver's `Retry-After` puts a try off.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// How long a receiver may put off: as long as the schedule lasts.
const PATIENCE: TimeDelta = TimeDelta::hours(75);

/// An endpoint that failed only, for so long and so often, is disabled.
pub const DISABLED_AFTER: TimeDelta = TimeDelta::days(5);
/// See [`DISABLED_AFTER`].
pub const DISABLED_AFTER_FAILURES: i32 = 20;

/// What follows a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it was taken.
    Delivered,
    /// Another try.
    Retry {
        /// After this time.
        after: Duration,
        /// Whether the schedule goes on; a receiver that asked for time has not failed.
        counts: Counts,
    },
    /// Nothing: it is given up.
    GiveUp,
    /// It is given up, and nothing more is sent to this endpoint.
    Disable,
}

/// Whether a try uses up one of the schedule's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// What follows a try, after `failed` earlier ones that counted, `elapsed` after the schedule began. `chance` is any number:
/// it spreads the next try by a fifth in either direction.
#[must_use]
pub fn next(outcome: &Outcome, failed: usize, elapsed: TimeDelta, chance: u32) -> Next {
    let answer = match outcome {
        Outcome::Answered(answer) => answer,
        Outcome::Failed(Failure::Forbidden(_)) => return Next::GiveUp,
        Outcome::Failed(_) => return later(failed, chance),
    };
    match answer {
        Answer { status: 410, .. } | Answer { control: Some(Control::Disable), .. } => Next::Disable,
        Answer { status: 200..=299, .. } => Next::Delivered,
        Answer { control: Some(Control::AbortMessage), .. } => Next::GiveUp,
        Answer { status: 429 | 503, retry_after: Some(after), .. } if elapsed < PATIENCE => {
            let after = (*after).clamp(Duration::from_secs(1), LONGEST_RETRY_AFTER);
            Next::Retry { after, counts: Counts::No }
        }
        Answer { .. } => later(failed, chance),
    }
}

fn later(failed: usize, chance: u32) -> Next {
    match PAUSES.get(failed) {
        Some(pause) => Next::Retry { after: spread(*pause, chance), counts: Counts::Yes },
        None => Next::GiveUp,
    }
}

/// From 80 % to 120 % of a pause.
fn spread(pause: Duration, chance: u32) -> Duration {
    pause.saturating_mul(800 + chance % 401) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Forbidden;
    use proptest::prelude::*;

    fn answered(status: u16) -> Answer {
        Answer { status, body: String::new(), retry_after: None, control: None }
    }

    fn after(answer: Answer, failed: usize) -> Next {
        next(&Outcome::Answered(answer), failed, TimeDelta::zero(), 200)
    }

    #[test]
    fn ten_tries_in_75_hours() {
        let mut total = Duration::ZERO;
        for failed in 0..TRIES - 1 {
            let Next::Retry { after, counts: Counts::Yes } = after(answered(500), failed) else {
                panic!("{failed}")
            };
            total += after;
        }
        assert_eq!(total.as_secs(), 75 * 3_600 + 35 * 60 + 5);
        assert_eq!(after(answered(500), TRIES - 1), Next::GiveUp);
    }

    #[test]
    fn only_a_2xx_is_a_success() {
        for status in [200, 202, 204, 299] {
            assert_eq!(after(answered(status), 0), Next::Delivered, "{status}");
        }
        for status in [301, 302, 307, 400, 401, 404, 429, 500, 503] {
            assert!(
                matches!(after(answered(status), 0), Next::Retry { counts: Counts::Yes, .. }),
                "{status}"
            );
        }
    }

    #[test]
    fn a_receiver_may_ask_for_time_or_for_an_end() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let retry = |after| Next::Retry { after: Duration::from_secs(after), counts: Counts::No };
        for (asked, given) in [(0, 1), (60, 60), (86_400, 3_600)] {
            assert_eq!(after(Answer { retry_after: seconds(asked), ..answered(429) }, 3), retry(given));
            assert_eq!(after(Answer { retry_after: seconds(asked), ..answered(503) }, 3), retry(given));
        }
        // Of others it is not heard, and not for ever.
        assert!(matches!(
            after(Answer { retry_after: seconds(1), ..answered(500) }, 1),
            Next::Retry { counts: Counts::Yes, .. }
        ));
        let asked = Outcome::Answered(Answer { retry_after: seconds(1), ..answered(429) });
        assert_eq!(next(&asked, 9, PATIENCE, 0), Next::GiveUp);

        assert_eq!(after(answered(410), 0), Next::Disable);
        let controlled = |control, status| after(Answer { control: Some(control), ..answered(status) }, 0);
        assert_eq!(controlled(Control::Disable, 500), Next::Disable);
        assert_eq!(controlled(Control::AbortMessage, 500), Next::GiveUp);
    }

    #[test]
    fn a_forbidden_address_is_not_tried_again() {
        let outcome = |failure| next(&Outcome::Failed(failure), 0, TimeDelta::zero(), 0);
        assert_eq!(outcome(Failure::Forbidden(Forbidden::Loopback.to_string())), Next::GiveUp);
        assert!(matches!(outcome(Failure::TimedOut), Next::Retry { .. }));
    }

    proptest! {
        #[test]
        fn a_pause_is_spread_by_a_fifth_at_most(failed in 0..TRIES - 1, chance in any::<u32>()) {
            let pause = PAUSES[failed];
            let spread = spread(pause, chance);
            prop_assert!(spread >= pause * 4 / 5 && spread <= pause * 6 / 5);
        }
    }
}
