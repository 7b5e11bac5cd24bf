//! Reading time series.

use super::Statistics;
use super::request::Wanted;
use crate::answer::DataPage;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Query;
use crate::openapi::Listing;
use crate::openapi::values::{DayOrTime, IntervalWord};
use crate::state::AppState;
use axum::extract::State;
use store::statistics;

/// What affiliates brought, by day, week or month
///
/// In total and for each affiliate, the busiest first: by purchases, signups, clicks and id. Only what was attributed
/// counts, so the affiliates' sums are the total. `from` and `to` are inclusive; a date is its whole UTC day. Without them
/// it is the last 30 days, 12 weeks or 12 months, up to the end of today; 366 intervals at most. `limit` and `offset` page
/// through the affiliates.
#[utoipa::path(
    get,
    path = "/statistics",
    operation_id = "get_statistics",
    tag = "Statistics",
    params(
        ("from" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("to" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("interval" = Option<IntervalWord>, Query, description = "`day` (the default), `week` or `month`"),
        ("affiliate_id" = Option<i64>, Query, minimum = 1, description = "Only this one"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100),
        ("offset" = Option<i64>, Query, minimum = 0),
    ),
    responses(
        Listing,
        (status = 200, description = "What was brought, and a page of affiliates", body = DataPage<Statistics>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Query(mut query): Query,
) -> Result<DataPage<Statistics>, ApiError> {
    let wanted = Wanted::read(&mut query, state.clock.now());
    query.finish()?;
    let wanted = wanted.ok_or_else(|| ApiError::field("from", "from and to lie outside the calendar"))?;
    let mut connection = state.pool.acquire().await?;
    let (realm, span) = (caller.realm, wanted.span);
    let (ranked, count) =
        statistics::ranking(&mut connection, realm, span, wanted.affiliate, &wanted.page).await?;
    let total = match wanted.affiliate {
        None => Some(statistics::of_all(&mut connection, realm, span).await?),
        Some(_) => None,
    };
    let shown: Vec<_> = ranked.rows.iter().map(|ranked| ranked.id).collect();
    let asked: Vec<_> = wanted.affiliate.into_iter().chain(shown.iter().copied()).collect();
    let each = statistics::of_each(&mut connection, realm, span, &asked).await?;
    let series = |id| each.get(&id).cloned().unwrap_or_default();
    let total = total.or_else(|| Some(series(wanted.affiliate?))).unwrap_or_default();
    let affiliates: Vec<_> = shown.into_iter().map(series).collect();
    let affiliates = ranked.rows.into_iter().zip(affiliates).collect();
    let told = Statistics::new(&wanted, &total, affiliates);
    Ok(DataPage::new(told, &wanted.page, ranked.has_more, count))
}
