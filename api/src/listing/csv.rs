//! A list as CSV: all of it, however long, page after page. Nothing of it is in memory but one page, and no connection
//! is held while a client reads.

use super::Table;
use crate::error::ApiError;
use crate::state::AppState;
use app::spreadsheet;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::ids::Realm;
use futures::stream::{self, StreamExt};
use serde_json::Value;
use std::future::ready;
use std::sync::Arc;
use store::page::{Page, Position};

/// Rows that are read at once.
const ROWS: i64 = 500;

const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// All of a list. What fails after the answer has begun ends it in the middle, so that no client takes a part for the whole.
pub(super) async fn answer<L: Table>(state: AppState, realm: Realm, list: L) -> Result<Response, ApiError> {
    let list = Arc::new(list);
    let (text, next) = chunk(&state, realm, &*list, None).await?;
    let header = spreadsheet::csv([L::COLUMNS]);
    let first = stream::once(ready(Ok(Bytes::from(format!("{header}{text}")))));
    let rest = stream::try_unfold(next, move |after| {
        let (state, list) = (state.clone(), Arc::clone(&list));
        async move {
            let Some(after) = after else { return Ok(None) };
            let (text, next) = chunk(&state, realm, &*list, Some(after)).await?;
            Ok::<_, ApiError>(Some((Bytes::from(text), next)))
        }
    });
    let file = format!("attachment; filename=\"{}.csv\"", L::NAME);
    let headers = [
        (header::CONTENT_TYPE, CSV),
        (header::CONTENT_DISPOSITION, file.try_into().map_err(ApiError::internal)?),
    ];
    Ok((headers, Body::from_stream(first.chain(rest))).into_response())
}

/// Some rows, and the place after which the next ones begin.
async fn chunk<L: Table>(
    state: &AppState,
    realm: Realm,
    list: &L,
    after: Option<Position>,
) -> Result<(String, Option<Position>), ApiError> {
    let page = Page { limit: ROWS, offset: 0, after, may_stop: true };
    let mut connection = state.pool.acquire().await?;
    let found = list.page(&mut connection, realm, &page, state.clock.now()).await?;
    let next = found.next(L::position);
    let rows = found.rows.into_iter().map(|row| {
        let row = serde_json::to_value(list.show(realm, row)).unwrap_or_default();
        L::COLUMNS.iter().map(|column| cell(&row[*column])).collect::<Vec<_>>()
    });
    Ok((spreadsheet::csv(rows), next))
}

/// A value in a cell: texts and numbers as they are, what has parts as JSON, null as nothing.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => spreadsheet::value(text),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => spreadsheet::text(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_as_the_json_is_and_no_formulas() {
        assert_eq!(cell(&json!(null)), "");
        assert_eq!(cell(&json!(true)), "true");
        assert_eq!(cell(&json!(49.99)), "49.99");
        assert_eq!(cell(&json!("-5.00")), "-5.00");
        assert_eq!(cell(&json!("=1+1")), "'=1+1");
        assert_eq!(cell(&json!("+4915112345")), "'+4915112345");
        assert_eq!(cell(&json!({"iban": "x"})), r#"{"iban":"x"}"#);
    }
}
