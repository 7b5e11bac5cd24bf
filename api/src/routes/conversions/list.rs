//! `GET /api/v1/conversions`

use super::Conversion;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, Query, first_moment, moment_after, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{ConversionStatusWord, ConversionTypeWord, CsvText, DayOrTime};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::fact::ConversionKind;
use domain::ids::{AffiliateId, Realm};
use domain::settle::ConversionStatus;
use store::conversions::{self, Filter};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

const DEFAULT_LIMIT: i64 = 50;

/// Conversions, newest first
///
/// `from` and `to` are inclusive; a date is its whole UTC day.
#[utoipa::path(
    get,
    path = "/conversions",
    operation_id = "list_conversions",
    tag = "Conversions",
    params(
        ("type" = Option<ConversionTypeWord>, Query, description = "`signup` or `purchase`"),
        ("affiliate_id" = Option<i64>, Query, minimum = 1),
        ("paid" = Option<bool>, Query),
        ("from" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("to" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("status" = Option<ConversionStatusWord>, Query),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Conversion> = "application/json"), (CsvText = "text/csv"))),
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
    listing::answer(&state, caller, page, shape, Conversions(filter)).await
}

struct Conversions(Filter);

impl Table for Conversions {
    type Row = conversions::Conversion;
    type Shown = Conversion;

    const COLUMNS: &'static [&'static str] = &[
        "id",
        "project_id",
        "type",
        "value",
        "base_value",
        "base_value_currency",
        "affiliate_id",
        "referred_user_id",
        "referral_code",
        "coupon_code_used",
        "reference",
        "paid",
        "url",
        "created_at",
        "status",
        "refunded_value",
        "release_date",
        "source",
        "attribution",
    ];
    const NAME: &'static str = "conversions";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Self::Row>, StoreError> {
        conversions::list(connection, realm, &self.0, page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        conversions::count(connection, realm, &self.0).await
    }

    fn position(row: &Self::Row) -> Position {
        Position { at: row.occurred_at, id: row.id.0 }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        Conversion::from(row)
    }
}

fn filter(query: &mut Fields) -> Filter {
    let kinds = ConversionKind::ALL.map(|kind| (kind.as_str(), kind));
    let statuses = ConversionStatus::ALL.map(|status| (status.as_str(), status));
    Filter {
        kind: query.one_of("type", &kinds),
        affiliate: query.id("affiliate_id").map(AffiliateId),
        paid: query.boolean("paid"),
        from: first_moment(query, "from"),
        before: moment_after(query, "to"),
        status: query.one_of("status", &statuses),
    }
}
