//! `GET /api/v1/referrals`

use super::Referral;
use crate::answer::{List, known_total};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Query, page};
use crate::openapi::values::ReferralStatusWord;
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use domain::ids::AffiliateId;
use store::customers::{self, CustomerStatus, Filter};
use store::page::Position;

const DEFAULT_LIMIT: i64 = 20;

/// Referrals, newest first
///
/// By affiliate and by how far they have come.
#[utoipa::path(
    get,
    path = "/referrals",
    operation_id = "list_referrals",
    tag = "Referrals",
    params(
        ("affiliate_id" = Option<i64>, Query, minimum = 1),
        ("status" = Option<ReferralStatusWord>, Query, description = "`pending`, `converted`, `direct` or `direct_signup`"),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list", body = List<Referral>),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(mut query): Query,
) -> Result<List<Referral>, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let filter = Filter {
        affiliate: query.id("affiliate_id").map(AffiliateId),
        status: query.one_of("status", &CustomerStatus::ALL.map(|status| (status.as_str(), status))),
    };
    query.finish()?;
    let mut connection = state.pool.acquire().await?;
    let rows = customers::list(&mut connection, caller.realm, &filter, &page).await?;
    let total = match (page.after, known_total(&rows, &page)) {
        (Some(_), _) => None,
        (None, Some(total)) => Some(total),
        (None, None) => Some(customers::count(&mut connection, caller.realm, &filter).await?),
    };
    let position = |row: &customers::Customer| Position { at: row.first_seen_at, id: row.id.0 };
    Ok(List::new(rows, &page, total, position, Referral::from))
}
