//! `from` and `to`: a time, or a date that stands for its whole UTC day.

use super::Fields;
use chrono::{DateTime, TimeDelta, Utc};
use domain::day::Day;

enum Moment {
    Day(Day),
    Time(DateTime<Utc>),
}

/// The first moment that `from` lets through.
pub(crate) fn first_moment(fields: &mut Fields, name: &str) -> Option<DateTime<Utc>> {
    Some(match read(fields, name)? {
        Moment::Day(day) => day.start(),
        Moment::Time(time) => time,
    })
}

/// The first moment that `to` no longer lets through: both ends are inclusive, and the database
/// counts in microseconds.
pub(crate) fn moment_after(fields: &mut Fields, name: &str) -> Option<DateTime<Utc>> {
    match read(fields, name)? {
        Moment::Day(day) => Some(day.end()),
        Moment::Time(time) => time.checked_add_signed(TimeDelta::microseconds(1)),
    }
}

fn read(fields: &mut Fields, name: &str) -> Option<Moment> {
    let text = fields.text(name, 64)?;
    let day = text.parse().ok().map(Moment::Day);
    // A plus sign that was not percent-encoded arrives as a blank.
    let time = || DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok().map(|time| time.to_utc());
    let moment = day.or_else(|| time().filter(|time| Day::of(*time).is_ok()).map(Moment::Time));
    if moment.is_none() {
        fields.problem(
            name,
            format!("{name} must be a date such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z"),
        );
    }
    moment
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(text: &str) -> Fields {
        let serde_json::Value::Object(object) = json!({ "t": text }) else { panic!("an object") };
        Fields::of_texts(object)
    }

    #[test]
    fn a_date_is_its_whole_day() {
        let from = first_moment(&mut fields("2026-01-31"), "t").unwrap();
        let to = moment_after(&mut fields("2026-01-31"), "t").unwrap();
        assert_eq!(from.to_rfc3339(), "2026-01-31T00:00:00+00:00");
        assert_eq!(to.to_rfc3339(), "2026-02-01T00:00:00+00:00");
    }

    #[test]
    fn a_time_is_itself_with_both_ends_inclusive() {
        let from = first_moment(&mut fields("2026-01-31T12:00:00 01:00"), "t").unwrap();
        let to = moment_after(&mut fields("2026-01-31T12:00:00+01:00"), "t").unwrap();
        assert_eq!(to - from, TimeDelta::microseconds(1));
    }

    #[test]
    fn nonsense_is_told() {
        for text in ["yesterday", "2026-02-30", "-0001-01-01", "+262142-12-31"] {
            let mut fields = fields(text);
            assert!(first_moment(&mut fields, "t").is_none());
            assert!(fields.finish().is_err(), "{text}");
        }
    }
}
