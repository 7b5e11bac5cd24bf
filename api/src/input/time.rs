//! `from` and `to`: a time, or a date that stands for its whole UTC day.

use super::Fields;
use chrono::{DateTime, Utc};
use domain::day::DayOrTime;

/// The first moment that `from` lets through.
pub(crate) fn first_moment(fields: &mut Fields, name: &str) -> Option<DateTime<Utc>> {
    read(fields, name).map(DayOrTime::first)
}

/// The first moment that `to` no longer lets through: both ends are inclusive.
pub(crate) fn moment_after(fields: &mut Fields, name: &str) -> Option<DateTime<Utc>> {
    read(fields, name).map(DayOrTime::after)
}

fn read(fields: &mut Fields, name: &str) -> Option<DayOrTime> {
    // A plus sign that was not percent-encoded arrives as a blank.
    let text = fields.text(name, 64)?.trim().replace(' ', "+");
    text.parse().inspect_err(|error| fields.problem(name, format!("{name} must be {error}"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
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
