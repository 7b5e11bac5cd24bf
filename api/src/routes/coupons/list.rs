//! `GET /api/v1/coupons`

use super::Coupon;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, MAX_TEXT, Query, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{CouponStatusWord, CsvText, Text};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, Realm};
use store::coupons::{self, CouponStatus, Filter};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

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
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Coupon> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    shape: Shape,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let filter = filter(&mut query);
    query.finish()?;
    listing::answer(&state, caller, page, shape, Coupons(filter)).await
}

fn filter(query: &mut Fields) -> Filter {
    let statuses = CouponStatus::ALL.map(|status| (status.as_str(), status));
    Filter {
        affiliate: query.id("affiliate_id").map(AffiliateId),
        status: query.one_of("status", &statuses),
        code_part: query.text("coupon_code", MAX_TEXT),
    }
}

struct Coupons(Filter);

impl Table for Coupons {
    type Row = coupons::Coupon;
    type Shown = Coupon;

    const COLUMNS: &'static [&'static str] = &[
        "id",
        "project_id",
        "affiliate_id",
        "coupon_code",
        "stripe_coupon_id",
        "stripe_promotion_code_id",
        "lemonsqueezy_discount_code",
        "status",
        "created_at",
        "affiliate_email",
        "affiliate_referral_code",
    ];
    const NAME: &'static str = "coupons";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Self::Row>, StoreError> {
        coupons::list(connection, realm, &self.0, page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(coupons::count(connection, realm, &self.0).await?))
    }

    fn position(row: &Self::Row) -> Position {
        Position { at: row.created_at, id: row.id.0 }
    }

    fn show(&self, realm: Realm, row: Self::Row) -> Self::Shown {
        Coupon::new(realm.project, row)
    }
}
