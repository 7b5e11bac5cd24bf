//! `GET /api/v1/affiliates`

use super::Affiliate;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Query, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{CLOSED, CsvText, ListedAffiliateStatus};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, Realm};
use store::affiliates::{self, AffiliateStatus, Figures, Listed};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

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
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Affiliate> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    shape: Shape,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let open = |status: AffiliateStatus| (status.as_str(), Listed::Open(Some(status)));
    let [active, inactive] = AffiliateStatus::ALL.map(open);
    let listed = query.one_of("status", &[active, inactive, (CLOSED, Listed::Closed)]);
    let listed = listed.unwrap_or(Listed::Open(None));
    query.finish()?;
    listing::answer(&state, caller, page, shape, Affiliates(listed)).await
}

struct Affiliates(Listed);

impl Table for Affiliates {
    type Row = (affiliates::Affiliate, Figures);
    type Shown = Affiliate;

    const COLUMNS: &'static [&'static str] = &[
        "id",
        "user_email",
        "referral_code",
        "partner_slug",
        "status",
        "clicks",
        "signups",
        "purchases",
        "unpaid_earnings",
        "total_earnings",
        "eligible_earnings",
        "held_earnings",
        "next_release_date",
        "created_at",
        "closed_at",
        "currency",
        "earnings",
        "payout_preferences",
        "commission",
    ];
    const NAME: &'static str = "affiliates";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        now: DateTime<Utc>,
    ) -> Result<Rows<Self::Row>, StoreError> {
        let Rows { rows, has_more, stopped } = affiliates::list(connection, realm, self.0, page).await?;
        let ids: Vec<AffiliateId> = rows.iter().map(|row| row.id).collect();
        let mut figures = affiliates::figures(connection, &ids, now).await?;
        let with_figures = |row: affiliates::Affiliate| {
            let figures = figures.remove(&row.id).unwrap_or_default();
            (row, figures)
        };
        Ok(Rows { rows: rows.into_iter().map(with_figures).collect(), has_more, stopped })
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(affiliates::count(connection, realm, self.0).await?))
    }

    fn position((row, _): &Self::Row) -> Position {
        Position { at: row.created_at, id: row.id.0 }
    }

    fn show(&self, _: Realm, (affiliate, figures): Self::Row) -> Self::Shown {
        Affiliate::new(affiliate, figures)
    }
}
