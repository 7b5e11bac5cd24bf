//! What was earned by week in the last year, and who brought it: summed from every conversion of the year.

use crate::{
    failure::Failure,
    figures::{Busy, Year},
    kept::At,
    state::Console,
};
use domain::ids::Realm;
use store::{
    page::Page,
    statistics::{self, Activity, Interval, Series, Span},
};

/// Weeks of the charts.
pub(crate) const WEEKS: u32 = 52;
/// Affiliates of the ranking.
const FEW: i64 = 10;

/// Reads it.
pub(crate) async fn read(console: Console, realm: Realm) -> Result<At<Year>, Failure> {
    let now = console.now();
    let week = Interval::Week.start(now).unwrap_or(now);
    let from = Interval::Week.before(week, WEEKS).unwrap_or(week);
    let span = Span { from, before: now, interval: Interval::Week };
    let mut connection = console.patient().await?;
    let series = statistics::of_all(&mut connection, realm, span).await?;
    let first = Page { limit: FEW, offset: 0, after: None, may_stop: false };
    let (ranked, _) = statistics::ranking(&mut connection, realm, span, None, &first).await?;
    let ids: Vec<_> = ranked.rows.iter().map(|row| row.id).collect();
    let each = statistics::of_each(&mut connection, realm, span, &ids).await?;
    let busiest = ranked.rows.into_iter().map(|row| {
        let mut brought = Activity::default();
        each.get(&row.id).into_iter().flat_map(Series::values).for_each(|activity| brought.add(activity));
        Busy { affiliate: row.id, email: row.user_email, brought }
    });
    Ok(At { read_at: now, figures: Year { span, series, busiest: busiest.collect() } })
}
