//! Times of two clocks, compared (SEMANTICS 4).
//!
//! Stripe counts whole seconds: what it puts at 12:00:00 may have happened at 12:00:00.9. The service's own
//! clock, and that of most callers, counts finer. Of two times one of which is a whole second, no more is
//! known than which second each lies in, and so no more is compared.

use chrono::{DateTime, SubsecRound, Utc};

/// Whether `earlier` does not come after `later`, as far as the coarser of their clocks can tell.
#[must_use]
pub fn not_after(earlier: DateTime<Utc>, later: DateTime<Utc>) -> bool {
    if is_coarse(earlier) || is_coarse(later) {
        earlier.trunc_subsecs(0) <= later.trunc_subsecs(0)
    } else {
        earlier <= later
    }
}

fn is_coarse(at: DateTime<Utc>) -> bool {
    at.timestamp_subsec_nanos() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn a_click_half_a_second_after_a_whole_one_is_not_after_it() {
        assert!(not_after(millis(12_500), millis(12_000)));
        assert!(not_after(millis(12_000), millis(12_500)));
        assert!(not_after(millis(12_999), millis(12_000)));
        assert!(!not_after(millis(13_000), millis(12_999)));
    }

    #[test]
    fn two_fine_clocks_are_compared_finely() {
        assert!(not_after(millis(12_499), millis(12_500)));
        assert!(!not_after(millis(12_500), millis(12_499)));
    }
}
