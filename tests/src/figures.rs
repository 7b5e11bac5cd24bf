//! Figures that a test prints, and times of many requests.

use std::{
    fmt::Display,
    io::{Write, stdout},
    time::Duration,
};

/// Prints a figure; the test runner shows it with the test.
pub fn show(figure: impl Display) {
    // Nobody reads it, nobody misses it.
    let _ = writeln!(stdout(), "{figure}");
}

/// How long each of some requests took.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time within which 99 of 100 were answered; zero without any.
    #[must_use]
    pub fn p99(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
        sorted.get(at).copied().unwrap_or_default()
    }

    /// The longest.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }
}
