//! Medians and percentiles.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// A minute, in microseconds: nothing here takes longer.
const LONGEST: u64 = 60_000_000;

/// The median of some figures and how far they lie apart.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    /// The middle one.
    pub(crate) median: f64,
    /// The least.
    pub(crate) min: f64,
    /// The greatest.
    pub(crate) max: f64,
}

impl Spread {
    /// Of some figures; none of none.
    pub(crate) fn of(mut figures: Vec<f64>) -> Option<Self> {
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        let upper = *figures.get(figures.len() / 2)?;
        let lower = *figures.get((figures.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), min, max })
    }
}

/// Latencies.
#[derive(Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST, 3)?))
    }

    /// One more; what is longer than a minute counts as a minute.
    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST).clamp(1, LONGEST));
    }

    /// Adds those of another.
    pub(crate) fn merge(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// The latency, in milliseconds, that this share of them does not exceed.
    pub(crate) fn at(&self, quantile: f64) -> f64 {
        Duration::from_micros(self.0.value_at_quantile(quantile)).as_secs_f64() * 1_000.0
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 2.5, 4.0));
        assert!(Spread::of(Vec::new()).is_none());
    }

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut latencies = Latencies::new().unwrap();
        (1..=100).for_each(|ms| latencies.record(Duration::from_millis(ms)));
        assert!((latencies.at(0.5) - 50.0).abs() < 0.5, "{}", latencies.at(0.5));
        assert!((latencies.at(0.99) - 99.0).abs() < 0.5);
        assert_eq!(latencies.count(), 100);
    }
}
