//! What a time series is asked for.

use crate::input::{Fields, first_moment, moment_after, page};
use chrono::{DateTime, Utc};
use domain::ids::AffiliateId;
use store::page::Page;
use store::statistics::{Interval, Span};

/// The most intervals of one answer: a leap year's days.
pub(super) const MAX_INTERVALS: usize = 366;
/// Affiliates of one page, unless said otherwise.
const DEFAULT_LIMIT: i64 = 20;
/// The most: each brings its own series.
pub(super) const MAX_LIMIT: i64 = 100;

/// The parameters.
pub(super) struct Wanted {
    pub(super) span: Span,
    /// The beginnings of the intervals.
    pub(super) starts: Vec<DateTime<Utc>>,
    pub(super) affiliate: Option<AffiliateId>,
    pub(super) page: Page,
}

impl Wanted {
    /// Reads them; `None` when something is wrong, which the fields tell.
    pub(super) fn read(query: &mut Fields, now: DateTime<Utc>) -> Option<Self> {
        let words = Interval::ALL.map(|interval| (interval.as_str(), interval));
        let interval = query.one_of("interval", &words).unwrap_or(Interval::Day);
        let affiliate = query.id("affiliate_id").map(AffiliateId);
        let from = first_moment(query, "from");
        let to = moment_after(query, "to");
        let page = page(query, DEFAULT_LIMIT).page;
        if page.after.is_some() {
            query.problem("cursor", "Statistics are paged by offset");
        }
        if page.limit > MAX_LIMIT {
            query.problem("limit", format!("limit must be an integer from 1 to {MAX_LIMIT}"));
        }
        // To the end of today, and from so far back as one looks at by such intervals.
        let before = to.or_else(|| Interval::Day.after(Interval::Day.start(now)?, 1))?;
        let from = from.or_else(|| {
            let last = interval.start(before - chrono::TimeDelta::microseconds(1))?;
            interval.before(last, usual(interval) - 1)
        })?;
        if from >= before {
            query.problem("to", "to must not lie before from");
            return None;
        }
        let span = Span { from, before, interval };
        let starts = span.starts(MAX_INTERVALS);
        if starts.is_none() {
            let name = interval.as_str();
            query.problem(
                "from",
                format!("from and to must not hold more than {MAX_INTERVALS} {name}s: ask for less, or by longer intervals"),
            );
        }
        Some(Self { span, starts: starts?, affiliate, page })
    }
}

/// How many intervals are told when nobody says from when on.
fn usual(interval: Interval) -> u32 {
    match interval {
        Interval::Day => 30,
        Interval::Week | Interval::Month => 12,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    fn read(pairs: &[(&str, &str)]) -> Result<Wanted, ()> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        let mut fields = Fields::of_texts(pairs.collect::<Map<_, _>>());
        let wanted = Wanted::read(&mut fields, "2026-03-15T10:00:00Z".parse().unwrap());
        fields.finish().map_err(|_| ())?;
        Ok(wanted.unwrap())
    }

    fn ends(pairs: &[(&str, &str)]) -> (String, String, usize) {
        let wanted = read(pairs).unwrap();
        let day = |at: DateTime<Utc>| at.format("%FT%H").to_string();
        (day(wanted.span.from), day(wanted.span.before), wanted.starts.len())
    }

    #[test]
    fn without_a_word_it_is_the_last_thirty_days() {
        assert_eq!(ends(&[]), ("2026-02-14T00".into(), "2026-03-16T00".into(), 30));
        assert_eq!(ends(&[("interval", "week")]), ("2025-12-22T00".into(), "2026-03-16T00".into(), 12));
        assert_eq!(ends(&[("interval", "month")]), ("2025-04-01T00".into(), "2026-03-16T00".into(), 12));
        assert_eq!(ends(&[("to", "2026-01-10")]), ("2025-12-12T00".into(), "2026-01-11T00".into(), 30));
    }

    #[test]
    fn both_ends_are_inclusive() {
        assert_eq!(ends(&[("from", "2026-01-01"), ("to", "2026-01-01")]).2, 1);
        assert_eq!(ends(&[("from", "2024-01-01"), ("to", "2024-12-31")]).2, 366);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for pairs in [
            [("from", "2026-01-02"), ("to", "2026-01-01")],
            [("from", "2024-01-01"), ("to", "2025-01-01")],
            [("from", "2027-01-01"), ("interval", "day")],
            [("interval", "hour"), ("affiliate_id", "1")],
            [("limit", "101"), ("interval", "day")],
            [("cursor", "1-1"), ("interval", "day")],
        ] {
            assert!(read(&pairs).is_err(), "{pairs:?}");
        }
    }
}
