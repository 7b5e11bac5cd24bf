//! `GET /api/v1/webhook-endpoints`

use super::Endpoint;
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
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError, webhook_endpoints};

const DEFAULT_LIMIT: i64 = 50;

/// Endpoints, newest first
///
/// Without their secrets.
#[utoipa::path(
    get,
    path = "/webhook-endpoints",
    operation_id = "list_webhook_endpoints",
    tag = "Notifications",
    params(Paging),
    responses(
        Listing,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Endpoint> = "application/json"), (CsvText = "text/csv"))),
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
    listing::answer(&state, caller, page, shape, Endpoints).await
}

struct Endpoints;

impl Table for Endpoints {
    type Row = webhook_endpoints::Endpoint;
    type Shown = Endpoint;

    const COLUMNS: &'static [&'static str] = &[
        "id",
        "url",
        "description",
        "events",
        "status",
        "ordered",
        "timeout_seconds",
        "failing_since",
        "disabled_reason",
        "pending",
        "parked",
        "created_at",
    ];
    const NAME: &'static str = "webhook-endpoints";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Self::Row>, StoreError> {
        webhook_endpoints::list(connection, realm, page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(webhook_endpoints::count(connection, realm).await?))
    }

    fn position(row: &Self::Row) -> Position {
        Position { at: row.created_at, id: row.id.0 }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        Endpoint::from(row)
    }
}
