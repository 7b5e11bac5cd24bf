//! `GET /api/v1/acts`: what people did in the console.

use crate::answer::{List, timestamp};
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
use serde::Serialize;
use store::acts::{self, Recorded};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};
use utoipa::ToSchema;

const DEFAULT_LIMIT: i64 = 50;

/// Something that somebody did in the console.
#[derive(Serialize, ToSchema)]
pub(crate) struct Act {
    id: i64,
    /// Who.
    actor: String,
    /// What was done.
    #[serde(rename = "act")]
    #[schema(example = "ledger checked")]
    what: String,
    /// To what, or what came of it.
    subject: String,
    /// Why, or how much.
    detail: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Recorded> for Act {
    fn from(act: Recorded) -> Self {
        Self {
            id: act.id,
            actor: act.actor,
            what: act.what,
            subject: act.subject,
            detail: act.detail,
            created_at: timestamp(act.at),
        }
    }
}

/// Acts in the console, newest first
///
/// What people did in this project and mode beside decisions and payouts, which have lists of their own: rules, keys, endpoints, dead letters,
/// checks of the ledger. Signing in and out concerns no project and is not among them.
#[utoipa::path(
    get,
    path = "/acts",
    operation_id = "list_acts",
    tag = "Decisions",
    params(Paging),
    responses(
        Listing,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Act> = "application/json"), (CsvText = "text/csv"))),
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
    listing::answer(&state, caller, page, shape, Acts).await
}

struct Acts;

impl Table for Acts {
    type Row = Recorded;
    type Shown = Act;

    const COLUMNS: &'static [&'static str] = &["id", "actor", "act", "subject", "detail", "created_at"];
    const NAME: &'static str = "acts";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Recorded>, StoreError> {
        acts::page(connection, realm, page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(acts::count(connection, realm).await?))
    }

    fn position(row: &Recorded) -> Position {
        Position { at: row.at, id: row.id }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        Act::from(row)
    }
}
