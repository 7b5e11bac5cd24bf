//! The shape of a success: `{"success": true, "data": …}`, and of a list.

use crate::input::{PageOf, Warnings};
use crate::media_type::JSON;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::money::Money;
use serde::{Serialize, Serializer};
use store::page::{Page, Position};
use utoipa::ToSchema;

/// A success.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names that clients see")]
pub(crate) struct Data<T> {
    /// Always true.
    success: bool,
    data: T,
    /// Of a POST or PUT: the fields of the body that it does not know.
    #[serde(skip_serializing_if = "Warnings::is_empty")]
    warnings: Warnings,
}

impl<T> Data<T> {
    pub(crate) fn new(data: T) -> Self {
        Self { success: true, data, warnings: Warnings::default() }
    }

    /// With what the caller should know about its request.
    pub(crate) fn warned(data: T, warnings: Warnings) -> Self {
        Self { warnings, ..Self::new(data) }
    }
}

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// A success that holds a page of something.
#[derive(Serialize, ToSchema)]
pub(crate) struct DataPage<T> {
    /// Always true.
    success: bool,
    data: T,
    pagination: Pagination,
}

impl<T> DataPage<T> {
    /// One that is paged by offset alone.
    pub(crate) fn new(data: T, page: &Page, has_more: bool, total: i64) -> Self {
        let Page { limit, offset, .. } = *page;
        let pagination = Pagination { limit, offset, total: Some(total), has_more, next_cursor: None };
        Self { success: true, data, pagination }
    }
}

impl<T: Serialize> IntoResponse for DataPage<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// Always true.
    success: bool,
    data: Vec<T>,
    pagination: Pagination,
}

/// Where a page stands in its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Pagination {
    /// The most that a page holds.
    limit: i64,
    /// Passed over.
    offset: i64,
    /// In the whole list; null on pages asked for by cursor, and of a list of more than 10,000, which are not counted.
    total: Option<i64>,
    /// Whether more follow, or may follow: with a filter that passes few of many rows a page looks at some of them, and the next one at those behind.
    has_more: bool,
    /// Send it as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A page. `next` is the place after which more follow, if any do; `total` is null for a page by cursor.
    pub(crate) fn new(data: Vec<T>, page: &PageOf, total: Option<i64>, next: Option<Position>) -> Self {
        let pagination = Pagination {
            limit: page.limit,
            offset: page.offset,
            total,
            has_more: next.is_some(),
            next_cursor: next.map(|position| page.list.cursor(position)),
        };
        Self { success: true, data, pagination }
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// The length of a whole list without counting it, where the page tells it.
pub(crate) fn known_total(rows: usize, has_more: bool, page: &Page) -> Option<i64> {
    let found = i64::try_from(rows).unwrap_or(i64::MAX);
    let ends_here = !has_more && (found > 0 || page.offset == 0);
    ends_here.then(|| page.offset.saturating_add(found))
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(header::CONTENT_TYPE, JSON)], body).into_response(),
        Err(error) => crate::error::ApiError::internal(error).into_response(),
    }
}

/// A time: ISO 8601, UTC, milliseconds, `Z`.
pub(crate) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An amount as an exact JSON number with the currency's decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExactNumber(pub(crate) Money);

impl Serialize for ExactNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_decimal();
        let number: serde_json::Number = text.parse().map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::money::Currency;

    #[test]
    fn amounts_are_written_as_they_were_read() {
        let amount = |minor, currency| {
            let money = Money { minor, currency: Currency::parse(currency).unwrap() };
            serde_json::to_string(&ExactNumber(money)).unwrap()
        };
        assert_eq!(amount(4_999, "usd"), "49.99");
        assert_eq!(amount(500, "jpy"), "500");
        assert_eq!(amount(-1, "kwd"), "-0.001");
        assert_eq!(amount(9_007_199_254_740_993, "usd"), "90071992547409.93");
    }

    #[test]
    fn a_page_that_ends_the_list_tells_its_length() {
        let page = |offset| Page { limit: 2, offset, after: None, may_stop: false };
        assert_eq!(known_total(0, false, &page(0)), Some(0));
        assert_eq!(known_total(1, false, &page(4)), Some(5));
        assert_eq!(known_total(0, false, &page(4)), None);
        assert_eq!(known_total(2, true, &page(0)), None);
    }
}
