//! `GET /console/{project}/{mode}`: how things are now, and how they went by week.

pub(crate) mod year;

use self::year::WEEKS;
use crate::{
    elements::{as_of, being_added_up, cell, link, list_page, money, number, table},
    failure::Failure,
    figures::{Busy, Year},
    page::Page,
    pages::{events::list::listed, now},
    state::Console,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use domain::money::{Currency, Money};
use maud::{Markup, html};
use serde_json::{Number, json};
use std::collections::BTreeSet;
use store::{
    events::{self, Filter},
    statistics::{Amounts, Series, Span},
};

/// Events.
const FEW: i64 = 10;
/// Currencies that have a chart.
const CHARTS: usize = 3;

pub(crate) async fn show(State(console): State<Console>, page: Page) -> Result<Response, Failure> {
    let cards = now::read(&console, &page).await?;
    let year = console.figures.years.of(page.realm, year::read(console.clone(), page.realm)).await?;
    let mut connection = console.parts.reads.acquire().await?;
    let few = store::page::Page { limit: FEW, ..list_page("") };
    let latest = events::page(&mut connection, page.realm, &Filter::default(), &few).await?.rows;
    let content = html! {
        h1 { "Overview" }
        section hx-get=(page.path("/now")) hx-trigger="poll from:body" hx-swap="innerHTML" aria-label="Now" { (cards) }
        h2 { "By week" }
        @match &year {
            Some(year) => { (as_of(year.read_at)) (weeks(&page, &year.figures)) },
            None => (being_added_up()),
        }
        h2 { "Latest events" }
        (listed(&page, &latest))
    };
    Ok(page.show_in_part("Overview", &content, year.is_some()))
}

/// The charts and the ranking.
fn weeks(page: &Page, year: &Year) -> Markup {
    let busiest: Vec<_> = year
        .busiest
        .iter()
        .map(|Busy { affiliate, email, brought }| {
            let to = page.path(&format!("/affiliates/{affiliate}"));
            vec![
                cell(link(&to, email)),
                number(brought.clicks),
                number(brought.signups),
                number(brought.purchases),
            ]
        })
        .collect();
    html! {
        (charts(&year.series, year.span))
        h2 { "Busiest affiliates of these weeks" }
        (table("By purchases, signups and clicks", &["Affiliate", "Clicks", "Customers", "Purchases"], &busiest, "Nobody brought anything."))
    }
}

/// A chart for each of the currencies with the most weeks, and the same as a table.
fn charts(series: &Series, span: Span) -> Markup {
    let currencies: BTreeSet<Currency> =
        series.values().flat_map(|activity| activity.amounts.keys().copied()).collect();
    html! {
        @if currencies.is_empty() { p.empty { "Nothing was earned in these weeks." } }
        @for currency in currencies.into_iter().take(CHARTS) { (chart(&by_week(series, span, currency), currency)) }
    }
}

/// What was earned in each week, also in those in which it was nothing: a line from one to the next would say otherwise.
fn by_week(series: &Series, span: Span, currency: Currency) -> Vec<(DateTime<Utc>, Amounts)> {
    (0..=WEEKS)
        .filter_map(|week| span.interval.after(span.from, week))
        .filter(|week| *week < span.before)
        .map(|week| {
            let amounts = series.get(&week).and_then(|activity| activity.amounts.get(&currency));
            (week, amounts.copied().unwrap_or_default())
        })
        .collect()
}

fn chart(weeks: &[(DateTime<Utc>, Amounts)], currency: Currency) -> Markup {
    let code = currency.as_str().to_uppercase();
    let exact = |minor| Money { minor, currency }.to_decimal().parse::<Number>().ok();
    let data = json!({
        "names": [format!("Earned, {code}"), format!("Taken back, {code}")],
        "data": [
            weeks.iter().map(|(week, _)| week.timestamp()).collect::<Vec<_>>(),
            weeks.iter().map(|(_, amounts)| exact(amounts.value)).collect::<Vec<_>>(),
            weeks.iter().map(|(_, amounts)| exact(amounts.clawed_back)).collect::<Vec<_>>(),
        ],
    });
    let rows: Vec<_> = weeks
        .iter()
        .map(|(week, amounts)| {
            let [base, value, back] = amounts.money(currency);
            vec![cell(crate::texts::day(*week)), money(base), money(value), money(back)]
        })
        .collect();
    html! {
        div.chart data-series=(data.to_string()) role="img" aria-label={ "Earned and taken back by week in " (code) "; the figures are in the table below" } {}
        details { summary { "The same as a table, in " (code) }
            (table(&format!("By week, in {code}"), &["Week of", "Base", "Commission", "Taken back"], &rows, "Nothing.")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::statistics::{Activity, Interval};

    #[test]
    fn a_week_without_money_is_drawn_as_one() {
        let day = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let earned = |value| Activity {
            amounts: [(Currency::USD, Amounts { value, ..Amounts::default() })].into(),
            ..Activity::default()
        };
        let (first, third) = (day("2026-01-05T00:00:00Z"), day("2026-01-19T00:00:00Z"));
        let series = Series::from([(first, earned(980)), (third, earned(500))]);
        let span = Span { from: first, before: day("2026-01-28T00:00:00Z"), interval: Interval::Week };
        let weeks = by_week(&series, span, Currency::USD);
        assert_eq!(weeks.iter().map(|(_, amounts)| amounts.value).collect::<Vec<_>>(), [980, 0, 500, 0]);
        let drawn = chart(&weeks, Currency::USD).into_string();
        assert!(drawn.contains("[9.80,0.00,5.00,0.00]"), "{drawn}");
    }
}
