//! `GET /api/v1/coupons`

use super::Coupon;
use crate::answer::{List, known_total};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, MAX_TEXT, Query, page};
use crate::openapi::values::{CouponStatusWord, Text};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use domain::ids::AffiliateId;
use store::coupons::{self, CouponStatus, Filter};
use store::page::Position;

const DEFAULT_LIMIT: i64 = 50;

/// Coupons, newest first
///
/// Those that were not deleted. `coupon_code` finds a part of a code.
#[utoipa::path(
    get,
    path = "/coupons",
    operation_id = "list_coupons",
    tag = "Coupons",
    params(
        ("status" = Option<CouponStatusWord>, Query, description = "`active` or `inactive`"),
        ("affiliate_id" = Option<i64>, Query, minimum = 1),
        ("coupon_code" = Option<Text>, Query, description = "A part of the code, in any case"),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list", body = List<Coupon>),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(mut query): Query,
) -> Result<List<Coupon>, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let filter = filter(&mut query);
    query.finish()?;
    let mut connection = state.pool.acquire().await?;
    let rows = coupons::list(&mut connection, caller.realm, &filter, &page).await?;
    let total = match (page.after, known_total(&rows, &page)) {
        (Some(_), _) => None,
        (None, Some(total)) => Some(total),
        (None, None) => Some(coupons::count(&mut connection, caller.realm, &filter).await?),
    };
    let position = |row: &coupons::Coupon| Position { at: row.created_at, id: row.id.0 };
    Ok(List::new(rows, &page, total, position, |row| Coupon::new(caller.realm.project, row)))
}

fn filter(query: &mut Fields) -> Filter {
    let statuses = CouponStatus::ALL.map(|status| (status.as_str(), status));
    Filter {
        affiliate: query.id("affiliate_id").map(AffiliateId),
        status: query.one_of("status", &statuses),
        code_part: query.text("coupon_code", MAX_TEXT),
    }
}
