//! `GET /api/v1/payouts`

use super::Payout;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, MAX_TEXT, Query, first_moment, moment_after, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{CsvText, CurrencyCode, DayOrTime, PayoutStatusWord, Text};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use store::page::{Page, Position, Rows};
use store::payouts::{self, Filter};
use store::{PgConnection, StoreError};

const DEFAULT_LIMIT: i64 = 50;

/// Payouts, newest first
///
/// `from` and `to` are of when they were made, both inclusive; a date is its whole UTC day.
#[utoipa::path(
    get,
    path = "/payouts",
    operation_id = "list_payouts",
    tag = "Payouts",
    params(
        ("status" = Option<PayoutStatusWord>, Query),
        ("affiliate" = Option<Text>, Query, description = "Its number or its address"),
        ("currency" = Option<CurrencyCode>, Query),
        ("from" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("to" = Option<DayOrTime>, Query, description = "A date or a time"),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Payout> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    shape: Shape,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let named = query.text("affiliate", MAX_TEXT);
    let filter = filter(&mut query);
    query.finish()?;
    let affiliate = match named {
        None => None,
        Some(named) => {
            let mut connection = state.pool.acquire().await?;
            Some(app::payouts::affiliate(&mut connection, caller.realm, &named).await?.0)
        }
    };
    listing::answer(&state, caller, page, shape, Payouts(Filter { affiliate, ..filter })).await
}

fn filter(query: &mut Fields) -> Filter {
    let statuses = payouts::STATUSES.map(|status| (status, status));
    Filter {
        status: query.one_of("status", &statuses).map(str::to_owned),
        currency: query.currency("currency"),
        from: first_moment(query, "from"),
        before: moment_after(query, "to"),
        ..Filter::default()
    }
}

struct Payouts(Filter);

impl Table for Payouts {
    type Row = payouts::Payout;
    type Shown = Payout;

    const COLUMNS: &'static [&'static str] = Payout::COLUMNS;
    const NAME: &'static str = "payouts";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Self::Row>, StoreError> {
        payouts::page(connection, realm, &self.0, page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(payouts::count(connection, realm, &self.0).await?))
    }

    fn position(row: &Self::Row) -> Position {
        Position { at: row.created_at, id: row.id.0 }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        Payout::from(row)
    }
}
