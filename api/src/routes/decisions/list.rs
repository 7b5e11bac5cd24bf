//! `GET /api/v1/decisions`

use super::object::Decision;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{MAX_TEXT, Query, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{CsvText, Text};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use store::decisions::{self, Recorded};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

const DEFAULT_LIMIT: i64 = 50;

/// Decisions, newest first
///
/// What was held, released, rejected, locked and unlocked: by whom, when and why.
#[utoipa::path(
    get,
    path = "/decisions",
    operation_id = "list_decisions",
    tag = "Decisions",
    params(
        ("subject" = Option<Text>, Query, description = "About the payment or the customer with this key"),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Decision> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    shape: Shape,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let subject = query.text("subject", MAX_TEXT);
    query.finish()?;
    listing::answer(&state, caller, page, shape, Decisions { subject }).await
}

struct Decisions {
    subject: Option<String>,
}

impl Table for Decisions {
    type Row = Recorded;
    type Shown = Decision;

    const COLUMNS: &'static [&'static str] = Decision::COLUMNS;
    const NAME: &'static str = "decisions";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Recorded>, StoreError> {
        decisions::page(connection, realm, self.subject.as_deref(), page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(decisions::count(connection, realm, self.subject.as_deref()).await?))
    }

    fn position(row: &Recorded) -> Position {
        Position { at: row.decided_at, id: row.id }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        Decision::from(row)
    }
}
