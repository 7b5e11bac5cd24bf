//! Lists: a page as JSON, or all of it as CSV.

mod csv;

use crate::answer::{List, known_total};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::PageOf;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use serde::Serialize;
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

/// A list with its filter.
pub(crate) trait Table: Send + Sync + 'static {
    /// A row as it is stored.
    type Row: Send;
    /// The same as clients see it.
    type Shown: Serialize + Send;

    /// The columns of its CSV: the fields of what is shown, in their order.
    const COLUMNS: &'static [&'static str];
    /// What a file of it is called.
    const NAME: &'static str;

    /// A page of it, as it is `now`.
    fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Rows<Self::Row>, StoreError>> + Send;

    /// How long it is; none when it is longer than is counted.
    fn count(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
    ) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;

    /// A row's place in it.
    fn position(row: &Self::Row) -> Position;

    /// A row as clients see it.
    fn show(&self, realm: Realm, row: Self::Row) -> Self::Shown;
}

/// The shape in which a list is wanted: by `Accept`, as JSON where CSV is not preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Json,
    Csv,
}

impl<S: Sync> FromRequestParts<S> for Shape {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

impl Shape {
    fn of(headers: &HeaderMap) -> Self {
        let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<&str> = accepts.flat_map(|value| value.split(',')).collect();
        let wish = |name: &str| ranges.iter().filter_map(|range| quality(range, name)).fold(0.0, f32::max);
        let csv = wish("text/csv");
        if csv > 0.0 && csv >= wish("application/json") { Self::Csv } else { Self::Json }
    }
}

/// How much a media range that names this type wants it, from 0 to 1 (RFC 9110, 12.5.1).
fn quality(range: &str, name: &str) -> Option<f32> {
    let mut parts = range.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(name) {
        return None;
    }
    let said =
        parts.filter_map(|part| part.split_once('=')).find(|(key, _)| key.trim().eq_ignore_ascii_case("q"));
    Some(said.map_or(1.0, |(_, quality)| quality.trim().parse().unwrap_or(0.0)))
}

/// Answers with a page of it, or with all of it as CSV.
pub(crate) async fn answer<L: Table>(
    state: &AppState,
    caller: Caller,
    page: PageOf,
    shape: Shape,
    list: L,
) -> Result<Response, ApiError> {
    match shape {
        Shape::Csv => csv::answer(state.clone(), caller.realm, list).await,
        Shape::Json => Ok(as_json(state, caller.realm, page, &list).await?.into_response()),
    }
}

async fn as_json<L: Table>(
    state: &AppState,
    realm: Realm,
    page: PageOf,
    list: &L,
) -> Result<List<L::Shown>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let found = list.page(&mut connection, realm, &page, state.clock.now()).await?;
    let total = match (page.after, known_total(found.rows.len(), found.has_more, &page)) {
        (Some(_), _) => None,
        (None, Some(total)) => Some(total),
        (None, None) => list.count(&mut connection, realm).await?,
    };
    let next = found.next(L::position);
    let shown = found.rows.into_iter().map(|row| list.show(realm, row)).collect();
    Ok(List::new(shown, &page, total, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_csv_where_that_is_preferred() {
        let shape = |accept: &'static str| {
            Shape::of(&HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]))
        };
        for csv in
            ["text/csv", "Text/CSV; charset=utf-8", "text/csv, */*;q=0.1", "application/json;q=0.5, text/csv"]
        {
            assert_eq!(shape(csv), Shape::Csv, "{csv}");
        }
        for json in [
            "*/*",
            "text/*",
            "application/json",
            "application/json, text/csv;q=0.9",
            "text/csv;q=0",
            "text/csvx",
        ] {
            assert_eq!(shape(json), Shape::Json, "{json}");
        }
        assert_eq!(Shape::of(&HeaderMap::new()), Shape::Json);
    }
}
