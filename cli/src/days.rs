//! Days as options: a date is its whole UTC day.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// The first moment of a day.
pub(crate) fn start(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The first moment after a day.
pub(crate) fn end(day: NaiveDate) -> DateTime<Utc> {
    start(day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX))
}
