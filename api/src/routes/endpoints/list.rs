//! `GET /api/v1/webhook-endpoints`

use super::Endpoint;
use crate::answer::{List, known_total};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Query, page};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use store::page::Position;
use store::webhook_endpoints;

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
        (status = 200, description = "A page of the list", body = List<Endpoint>),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(mut query): Query,
) -> Result<List<Endpoint>, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    query.finish()?;
    let mut connection = state.pool.acquire().await?;
    let rows = webhook_endpoints::list(&mut connection, caller.realm, &page).await?;
    let total = match (page.after, known_total(&rows, &page)) {
        (Some(_), _) => None,
        (None, Some(total)) => Some(total),
        (None, None) => Some(webhook_endpoints::count(&mut connection, caller.realm).await?),
    };
    let position = |row: &webhook_endpoints::Endpoint| Position { at: row.created_at, id: row.id.0 };
    Ok(List::new(rows, &page, total, position, Endpoint::from))
}
