//! Days, weeks and months in UTC, as the database's `date_trunc` knows them.

use chrono::{DateTime, Datelike, Days, Months, Utc};
use domain::day::midnight;

/// What a time series counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interval {
    /// A day.
    Day,
    /// A week from Monday on.
    Week,
    /// A calendar month.
    Month,
}

impl Interval {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// As the REST API and the database write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The beginning of the interval that holds a time; `None` outside the calendar.
    #[must_use]
    pub fn start(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = at.date_naive();
        let first = match self {
            Self::Day => day,
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into()))?,
            Self::Month => day.with_day(1)?,
        };
        Some(midnight(first))
    }

    /// The beginning of the interval so many after that one.
    #[must_use]
    pub fn after(self, start: DateTime<Utc>, count: u32) -> Option<DateTime<Utc>> {
        let day = start.date_naive();
        let days = |each: u64| day.checked_add_days(Days::new(each.checked_mul(count.into())?));
        Some(midnight(match self {
            Self::Day => days(1)?,
            Self::Week => days(7)?,
            Self::Month => day.checked_add_months(Months::new(count))?,
        }))
    }

    /// The beginning of the interval so many before that one.
    #[must_use]
    pub fn before(self, start: DateTime<Utc>, count: u32) -> Option<DateTime<Utc>> {
        let day = start.date_naive();
        let days = |each: u64| day.checked_sub_days(Days::new(each.checked_mul(count.into())?));
        Some(midnight(match self {
            Self::Day => days(1)?,
            Self::Week => days(7)?,
            Self::Month => day.checked_sub_months(Months::new(count))?,
        }))
    }
}

/// A stretch of time, counted by intervals. Its ends may lie within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Not before.
    pub from: DateTime<Utc>,
    /// Before this time.
    pub before: DateTime<Utc>,
    /// What it is counted by.
    pub interval: Interval,
}

impl Span {
    /// The beginnings of its intervals, `None` when there are more than `most`.
    #[must_use]
    pub fn starts(&self, most: usize) -> Option<Vec<DateTime<Utc>>> {
        let mut starts = Vec::new();
        if self.before <= self.from {
            return Some(starts);
        }
        let mut next = self.interval.start(self.from);
        while let Some(start) = next.filter(|start| *start < self.before) {
            if starts.len() == most {
                return None;
            }
            starts.push(start);
            next = self.interval.after(start, 1);
        }
        Some(starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn starts(interval: Interval, from: &str, before: &str) -> Vec<String> {
        let span = Span { from: time(from), before: time(before), interval };
        span.starts(10).unwrap().into_iter().map(|start| start.format("%F").to_string()).collect()
    }

    #[test]
    fn an_interval_that_is_cut_counts_from_its_own_beginning() {
        let (from, before) = ("2024-02-28T12:00:00Z", "2024-03-01T00:00:00Z");
        assert_eq!(starts(Interval::Day, from, before), ["2024-02-28", "2024-02-29"]);
        assert_eq!(starts(Interval::Week, from, before), ["2024-02-26"]);
        assert_eq!(starts(Interval::Month, from, before), ["2024-02-01"]);
        assert_eq!(
            starts(Interval::Month, from, "2024-03-01T00:00:00.000001Z"),
            ["2024-02-01", "2024-03-01"]
        );
        assert!(starts(Interval::Day, from, from).is_empty());
    }

    #[test]
    fn too_many_are_none() {
        let (from, before) = (time("2024-01-01T00:00:00Z"), time("9999-12-31T00:00:00Z"));
        for interval in Interval::ALL {
            assert_eq!(Span { from, before, interval }.starts(366), None);
        }
    }

    #[test]
    fn the_calendars_ends_are_no_trouble() {
        let span = Span {
            from: DateTime::<Utc>::MIN_UTC,
            before: DateTime::<Utc>::MAX_UTC,
            interval: Interval::Week,
        };
        assert_eq!(span.starts(1).map(|starts| starts.len()), Some(0));
        assert_eq!(Interval::Month.after(DateTime::<Utc>::MAX_UTC, 1), None);
        assert_eq!(
            Interval::Month.before(time("2024-03-01T00:00:00Z"), 11),
            Some(time("2023-04-01T00:00:00Z"))
        );
    }
}
