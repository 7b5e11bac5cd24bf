//! `GET /api/v1/affiliates`

use super::Affiliate;
use crate::answer::{List, known_total};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Query, page};
use crate::openapi::values::{CLOSED, ListedAffiliateStatus};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use domain::ids::AffiliateId;
use store::affiliates::{self, AffiliateStatus, Listed};
use store::page::Position;

const DEFAULT_LIMIT: i64 = 20;

/// Affiliates, newest first
///
/// Those who were deleted are listed only with `status=closed`.
#[utoipa::path(
    get,
    path = "/affiliates",
    operation_id = "list_affiliates",
    tag = "Affiliates",
    params(
        ("status" = Option<ListedAffiliateStatus>, Query, description = "`closed` lists those who were deleted, and may still be owed"),
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
    let open = |status: AffiliateStatus| (status.as_str(), Listed::Open(Some(status)));
    let [active, inactive] = AffiliateStatus::ALL.map(open);
    let listed = query.one_of("status", &[active, inactive, (CLOSED, Listed::Closed)]);
    let listed = listed.unwrap_or(Listed::Open(None));
    query.finish()?;
    let mut connection = state.pool.acquire().await?;
    let rows = affiliates::list(&mut connection, caller.realm, listed, &page).await?;
    let total = match (page.after, known_total(&rows, &page)) {
        (Some(_), _) => None,
        (None, Some(total)) => Some(total),
        (None, None) => Some(affiliates::count(&mut connection, caller.realm, listed).await?),
    };
    let ids: Vec<AffiliateId> = rows.rows.iter().map(|row| row.id).collect();
    let mut figures = affiliates::figures(&mut connection, &ids, state.clock.now()).await?;
    let position = |row: &affiliates::Affiliate| Position { at: row.created_at, id: row.id.0 };
    Ok(List::new(rows, &page, total, position, |row| {
        let figures = figures.remove(&row.id).unwrap_or_default();
        Affiliate::new(row, figures)
    }))
}
