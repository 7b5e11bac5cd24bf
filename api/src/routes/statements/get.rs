//! `GET /api/v1/affiliates/{email}/statement`

use super::object::Account;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Query, Segment, first_moment, moment_after};
use crate::listing::Shape;
use crate::openapi::Reading;
use crate::openapi::values::{CsvText, CurrencyCode, DayOrTime};
use crate::routes::affiliates::{known_form, unknown};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use store::affiliates;
use store::statements::{self, Period};

const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
const FILE: HeaderValue = HeaderValue::from_static("attachment; filename=\"statement.csv\"");

/// An affiliate's statement
///
/// Read from the ledger alone. Dates are those of posting, so that a period that is over stays as it is; `from` and `to` are
/// inclusive. Also of an affiliate that was closed, who may still be owed.
#[utoipa::path(
    get,
    path = "/affiliates/{email}/statement",
    operation_id = "get_statement",
    tag = "Payouts",
    params(
        ("email" = String, Path, description = "Percent-encoded, in any case"),
        ("from" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("to" = Option<DayOrTime>, Query, description = "A date or a time"),
        ("currency" = Option<CurrencyCode>, Query),
    ),
    responses(
        Reading,
        (status = 200, description = "What moved, or the same as CSV", content((Data<Account> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    shape: Shape,
    Segment(email): Segment,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let email = known_form(&email)?;
    let period = Period { from: first_moment(&mut query, "from"), before: moment_after(&mut query, "to") };
    let currency = query.currency("currency");
    query.finish()?;
    let mut connection = store::snapshot(&state.pool).await?;
    let found = affiliates::by_name(&mut connection, caller.realm, email).await?;
    let (id, email) = found.filter(|_| email.contains('@')).ok_or_else(|| unknown(email))?;
    let statements = statements::of(&mut connection, id, currency, period).await?;
    Ok(match shape {
        Shape::Json => Data::new(Account::new(id, email, period, statements)).into_response(),
        Shape::Csv => {
            let headers = [(header::CONTENT_TYPE, CSV), (header::CONTENT_DISPOSITION, FILE)];
            (headers, app::statements::csv(&statements, period)).into_response()
        }
    })
}
