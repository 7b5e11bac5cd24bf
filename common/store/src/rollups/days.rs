//! Which sums a stretch of time takes.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use domain::day::midnight;
use std::ops::Range;

/// A stretch of time as sums of whole days and months, less what lies outside of it on its first and last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// All days that it touches.
    pub(crate) days: Range<NaiveDate>,
    /// `day` or `month`, and the first days of those of them that are taken: each day lies in one.
    pub(crate) whole: Vec<(&'static str, Range<NaiveDate>)>,
    /// What is in them, and not in the stretch.
    pub(crate) outside: Vec<Range<DateTime<Utc>>>,
}

impl Pieces {
    /// Those from one time to before another; whole months count as such where `by_month`. Beyond the calendar's end there is nothing.
    pub(crate) fn of(stretch: Range<DateTime<Utc>>, by_month: bool) -> Self {
        let first = stretch.start.date_naive();
        let last = stretch.end.date_naive();
        let end = if midnight(last) == stretch.end { last } else { next_day(last) };
        let mut outside = vec![midnight(first)..stretch.start, stretch.end..midnight(end)];
        outside.retain(|range| !range.is_empty());
        let months = first_of_month(first).unwrap_or(end)..end.with_day(1).unwrap_or(end);
        let mut whole = if by_month && !months.is_empty() {
            vec![("day", first..months.start), ("month", months.clone()), ("day", months.end..end)]
        } else {
            vec![("day", first..end)]
        };
        whole.retain(|(_, range)| !range.is_empty());
        Self { days: first..end, whole, outside }
    }

    /// The units of [`Self::whole`], their first days, and the days before which they end.
    pub(crate) fn whole_columns(&self) -> (Vec<String>, Vec<NaiveDate>, Vec<NaiveDate>) {
        let mut columns = (Vec::new(), Vec::new(), Vec::new());
        for (unit, range) in &self.whole {
            columns.0.push((*unit).to_owned());
            columns.1.push(range.start);
            columns.2.push(range.end);
        }
        columns
    }

    /// The beginnings of [`Self::outside`], and its ends.
    pub(crate) fn outside_columns(&self) -> (Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) {
        self.outside.iter().map(|range| (range.start, range.end)).unzip()
    }
}

fn next_day(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
}

/// The first day of the month that begins on that day or after it.
fn first_of_month(day: NaiveDate) -> Option<NaiveDate> {
    if day.day() == 1 { Some(day) } else { day.with_day(1)?.checked_add_months(Months::new(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(from: &str, before: &str, by_month: bool) -> (Vec<String>, Vec<String>) {
        let pieces = Pieces::of(from.parse().unwrap()..before.parse().unwrap(), by_month);
        let whole = pieces.whole.iter().map(|(unit, days)| format!("{unit} {}..{}", days.start, days.end));
        let hour = |at: DateTime<Utc>| at.format("%dT%H").to_string();
        let outside =
            pieces.outside.iter().map(|range| format!("{}..{}", hour(range.start), hour(range.end)));
        (whole.collect(), outside.collect())
    }

    #[test]
    fn whole_months_count_as_such_and_days_before_and_after_them() {
        let (from, before) = ("2026-01-30T00:00:00Z", "2026-04-02T00:00:00Z");
        let parts =
            ["day 2026-01-30..2026-02-01", "month 2026-02-01..2026-04-01", "day 2026-04-01..2026-04-02"];
        assert_eq!(pieces(from, before, true), (parts.map(str::to_owned).into(), vec![]));
        assert_eq!(pieces(from, before, false).0, ["day 2026-01-30..2026-04-02"]);
        assert_eq!(
            pieces("2025-12-01T00:00:00Z", "2026-02-01T00:00:00Z", true).0,
            ["month 2025-12-01..2026-02-01"]
        );
    }

    #[test]
    fn within_a_month_there_are_days_alone() {
        assert_eq!(
            pieces("2026-01-02T00:00:00Z", "2026-01-31T00:00:00Z", true).0,
            ["day 2026-01-02..2026-01-31"]
        );
        assert_eq!(
            pieces("2026-01-31T00:00:00Z", "2026-02-02T00:00:00Z", true).0,
            ["day 2026-01-31..2026-02-02"]
        );
    }

    #[test]
    fn of_a_day_in_part_the_rest_is_outside() {
        assert_eq!(
            pieces("2026-01-02T09:00:00Z", "2026-01-04T20:00:00Z", false),
            (
                vec!["day 2026-01-02..2026-01-05".to_owned()],
                vec!["02T00..02T09".to_owned(), "04T20..05T00".to_owned()]
            )
        );
        assert_eq!(
            pieces("2026-01-02T09:00:00Z", "2026-01-02T10:00:00Z", true),
            (
                vec!["day 2026-01-02..2026-01-03".to_owned()],
                vec!["02T00..02T09".to_owned(), "02T10..03T00".to_owned()]
            )
        );
    }

    #[test]
    fn an_empty_stretch_is_nothing() {
        let (from, before) = ("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z");
        assert_eq!(pieces(from, before, true), (vec![], vec![]));
    }
}
