//! `GET /api/v1/referrals`

use super::Referral;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Query, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{CsvText, ReferralStatusWord};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, Realm};
use domain::settle::CustomerStatus;
use store::customers::{self, Filter};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

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
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Referral> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    shape: Shape,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let filter = Filter {
        affiliate: query.id("affiliate_id").map(AffiliateId),
        status: query.one_of("status", &CustomerStatus::ALL.map(|status| (status.as_str(), status))),
    };
    query.finish()?;
    listing::answer(&state, caller, page, shape, Referrals(filter)).await
}

struct Referrals(Filter);

impl Table for Referrals {
    type Row = customers::Customer;
    type Shown = Referral;

    const COLUMNS: &'static [&'static str] = &[
        "id",
        "user_email",
        "conversion_status",
        "conversion_date",
        "created_at",
        "affiliate_id",
        "affiliate_code",
        "stripe_customer_id",
        "external_id",
        "attribution",
    ];
    const NAME: &'static str = "referrals";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Self::Row>, StoreError> {
        customers::list(connection, realm, &self.0, page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        customers::count(connection, realm, &self.0).await
    }

    fn position(row: &Self::Row) -> Position {
        Position { at: row.first_seen_at, id: row.id.0 }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        Referral::from(row)
    }
}
