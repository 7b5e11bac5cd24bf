//! Delays between attempts that never end.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::{error::Error, fmt::Write, time::Duration};

/// The first delay: a connection cut by a restart of the far side is often back at once.
const FIRST: Duration = Duration::from_millis(50);

/// The longest delay before jitter (which may double it), so that a store is found again within 2 s of its return.
const LONGEST: Duration = Duration::from_millis(800);

/// Delays that grow from 50 ms to between 0.8 and 1.6 s, for ever.
pub(super) fn forever() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::new()
        .with_min_delay(FIRST)
        .with_max_delay(LONGEST)
        .with_jitter()
        .without_max_times()
        .build()
        .chain(std::iter::repeat(LONGEST))
}

/// An error with all its causes on one line, for a status, a log or a dead letter.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a String can't fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
