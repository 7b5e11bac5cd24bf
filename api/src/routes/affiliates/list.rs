//! `GET /api/v1/affiliates`

use super::Affiliate;
use crate::answer::{List, known_total};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Query, page};
use crate::openapi::values::AffiliateStatusWord;
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use domain::ids::AffiliateId;
use store::affiliates::{self, AffiliateStatus};
use store::page::Position;

const DEFAULT_LIMIT: i64 = 20;

/// Affiliates, newest first
#[utoipa::path(
    get,
    path = "/affiliates",
    operation_id = "list_affiliates",
    tag = "Affiliates",
    params(
        ("status" = Option<AffiliateStatusWord>, Query, description = "`active` or `inactive`"),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list", body = List<Affiliate>),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(mut query): Query,
) -> Result<List<Affiliate>, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let status = query.one_of("status", &AffiliateStatus::ALL.map(|status| (status.as_str(), status)));
    query.finish()?;
    let mut connection = state.pool.acquire().await?;
    let rows = affiliates::list(&mut connection, caller.realm, status, &page).await?;
    let total = match (page.after, known_total(&rows, &page)) {
        (Some(_), _) => None,
        (None, Some(total)) => Some(total),
        (None, None) => Some(affiliates::count(&mut connection, caller.realm, status).await?),
    };
    let ids: Vec<AffiliateId> = rows.rows.iter().map(|row| row.id).collect();
    let mut figures = affiliates::figures(&mut connection, &ids, state.clock.now()).await?;
    let position = |row: &affiliates::Affiliate| Position { at: row.created_at, id: row.id.0 };
    Ok(List::new(rows, &page, total, position, |row| {
        let figures = figures.remove(&row.id).unwrap_or_default();
        Affiliate::new(row, figures)
    }))
}
