//! `GET /api/v1/conversions`

use super::Conversion;
use crate::answer::{List, known_total};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, Query, first_moment, moment_after, page};
use crate::openapi::values::{ConversionStatusWord, ConversionTypeWord, DayOrTime};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use domain::fact::ConversionKind;
use domain::ids::AffiliateId;
use store::conversions::{self, ConversionStatus, Filter};
use store::page::Position;

const DEFAULT_LIMIT: i64 = 50;

/// Conversions, newest first
///
/// `from` and `to` are inclusive; a date is its whole UTC day.
#[utoipa::path(
    get,
    path = "/conversions",
    operation_id = "list_conversions",
    tag = "Conversions",
    params(
        ("type" = Option<ConversionTypeWord>, Query, description = "`signup` or `purchase`"),
        ("affiliate_id" = Option<i64>, Query, minimum = 1),
        ("paid" = Option<bool>, Query),
        ("from" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("to" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("status" = Option<ConversionStatusWord>, Query),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list", body = List<Conversion>),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(mut query): Query,
) -> Result<List<Conversion>, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let filter = filter(&mut query);
    query.finish()?;
    let mut connection = state.pool.acquire().await?;
    let rows = conversions::list(&mut connection, caller.realm, &filter, &page).await?;
    let total = match (page.after, known_total(&rows, &page)) {
        (Some(_), _) => None,
        (None, Some(total)) => Some(total),
        (None, None) => Some(conversions::count(&mut connection, caller.realm, &filter).await?),
    };
    let position = |row: &conversions::Conversion| Position { at: row.occurred_at, id: row.id.0 };
    Ok(List::new(rows, &page, total, position, Conversion::from))
}

fn filter(query: &mut Fields) -> Filter {
    let kinds = [("signup", ConversionKind::Signup), ("purchase", ConversionKind::Purchase)];
    let statuses = ConversionStatus::ALL.map(|status| (status.as_str(), status));
    Filter {
        kind: query.one_of("type", &kinds),
        affiliate: query.id("affiliate_id").map(AffiliateId),
        paid: query.boolean("paid"),
        from: first_moment(query, "from"),
        before: moment_after(query, "to"),
        status: query.one_of("status", &statuses),
    }
}
