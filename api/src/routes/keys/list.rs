//! `GET /api/v1/keys`

use super::Key;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Query, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::CsvText;
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use store::keys::{self, ApiKey};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

const DEFAULT_LIMIT: i64 = 50;

/// API keys, newest first
///
/// Those of the project in this mode, also revoked ones.
#[utoipa::path(
    get,
    path = "/keys",
    operation_id = "list_keys",
    tag = "Keys",
    params(Paging),
    responses(
        Listing,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Key> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    shape: Shape,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    query.finish()?;
    listing::answer(&state, caller, page, shape, Keys).await
}

struct Keys;

impl Table for Keys {
    type Row = ApiKey;
    type Shown = Key;

    const COLUMNS: &'static [&'static str] = Key::COLUMNS;
    const NAME: &'static str = "keys";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<ApiKey>, StoreError> {
        keys::page(connection, realm, page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(keys::count(connection, realm).await?))
    }

    fn position(row: &ApiKey) -> Position {
        Position { at: row.created_at, id: row.id }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        Key::from(row)
    }
}
