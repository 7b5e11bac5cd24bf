//! Calendar days as stretches of time: a day is its whole UTC day, half open (SEMANTICS 20).

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::fmt;
use std::str::FromStr;

/// A day of the years 1 to 9999, which every store can compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// A text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written as in 2026-01-31")]
pub struct NotADay;

impl Day {
    /// The day that holds a time, in UTC.
    ///
    /// # Errors
    /// When it lies outside of the years 1 to 9999.
    pub fn of(at: DateTime<Utc>) -> Result<Self, NotADay> {
        let date = at.date_naive();
        if (1..=9999).contains(&date.year()) { Ok(Self(date)) } else { Err(NotADay) }
    }

    /// Its first instant.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        midnight(self.0)
    }

    /// The first instant that is no longer of it: the next day's. Compare with `<`.
    #[must_use]
    pub fn end(self) -> DateTime<Utc> {
        // No day of these is the last that there is.
        midnight(self.0.checked_add_days(Days::new(1)).unwrap_or(self.0))
    }
}

/// The first instant of a date, in UTC.
#[must_use]
pub fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let date: NaiveDate = text.trim().parse().map_err(|_| NotADay)?;
        Self::of(midnight(date))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

/// An end of a range as people name it: a day, which stands for the whole of it, or a time. Both ends of a range are
/// part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOrTime {
    /// A whole day.
    Day(Day),
    /// A time of a day that every store can compare with.
    Time(DateTime<Utc>),
}

/// A text is neither a day nor a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a date such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z")]
pub struct NotADayOrTime;

impl DayOrTime {
    /// The first instant of a range that begins with it.
    #[must_use]
    pub fn first(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.start(),
            Self::Time(time) => time,
        }
    }

    /// The first instant that is no longer of a range that ends with it. Compare with `<`: a store counts in
    /// microseconds.
    #[must_use]
    pub fn after(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.end(),
            Self::Time(time) => time.checked_add_signed(TimeDelta::microseconds(1)).unwrap_or(time),
        }
    }
}

impl FromStr for DayOrTime {
    type Err = NotADayOrTime;

    fn from_str(text: &str) -> Result<Self, NotADayOrTime> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        let time = DateTime::parse_from_rfc3339(text.trim()).map_err(|_| NotADayOrTime)?.to_utc();
        Day::of(time).map(|_| Self::Time(time)).map_err(|_| NotADayOrTime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_half_open() {
        let day: Day = "2026-06-30".parse().unwrap();
        let last: DateTime<Utc> = "2026-06-30T23:59:59.999999Z".parse().unwrap();
        let next: DateTime<Utc> = "2026-07-01T00:00:00Z".parse().unwrap();
        assert_eq!(day.start().to_rfc3339(), "2026-06-30T00:00:00+00:00");
        assert_eq!(day.end(), next);
        assert!(last < day.end() && day.start() <= last);
        assert_eq!(Day::of(last), Ok(day));
        assert_eq!(Day::of(next).map(|next| next.to_string()).as_deref(), Ok("2026-07-01"));
    }

    #[test]
    fn a_day_is_one_that_a_store_knows() {
        for text in ["0001-01-01", "2024-02-29", "9999-12-31"] {
            let day: Day = text.parse().unwrap();
            assert_eq!(day.to_string(), text);
            assert!(day.start() < day.end(), "{text}");
        }
        for text in
            ["", "yesterday", "2026-02-30", "0000-12-31", "-0001-01-01", "10000-01-01", "+262142-12-31"]
        {
            assert_eq!(text.parse::<Day>(), Err(NotADay), "{text}");
        }
    }
    #[test]
    fn both_ends_of_a_range_are_part_of_it() {
        let end = |text: &str| text.parse::<DayOrTime>().unwrap();
        assert_eq!(end("2026-06-30").first().to_rfc3339(), "2026-06-30T00:00:00+00:00");
        assert_eq!(end("2026-06-30").after().to_rfc3339(), "2026-07-01T00:00:00+00:00");
        let noon = end("2026-06-30T14:00:00+02:00");
        assert_eq!(noon.first().to_rfc3339(), "2026-06-30T12:00:00+00:00");
        assert!(noon.first() < noon.after() && noon.after() - noon.first() == TimeDelta::microseconds(1));
        for text in ["", "noon", "2026-06-30T14:00:00", "2026-02-30", "+262142-12-31T00:00:00Z"] {
            assert_eq!(text.parse::<DayOrTime>(), Err(NotADayOrTime), "{text}");
        }
    }
}
