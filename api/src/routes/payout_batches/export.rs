//! `GET /api/v1/payout-batches/{id}/export`

use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Id, Query};
use crate::openapi::Reading;
use crate::openapi::values::{CsvText, CurrencyCode, PayoutFileWord};
use crate::state::AppState;
use app::payouts::{Export, Format};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::ids::BatchId;

const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8");
/// Payouts that the provider does not take; see [`app::payouts::LeftOut`].
const LEFT_OUT: HeaderName = HeaderName::from_static("tributary-left-out");

/// A batch's open payouts as a file
///
/// For PayPal's Payouts Web, Wise's batch payments, or a spreadsheet. Recipients are the addresses in the affiliates'
/// `payout_preferences`, else their own. Payouts with a fraction that the provider does not take are left out, and named by the
/// header `Tributary-Left-Out`.
#[utoipa::path(
    get,
    path = "/payout-batches/{id}/export",
    operation_id = "export_payout_batch",
    tag = "Payouts",
    params(
        ("id" = i64, Path, minimum = 1),
        ("format" = Option<PayoutFileWord>, Query, description = "Whom the file is for; a spreadsheet when absent"),
        ("currency" = Option<CurrencyCode>, Query, description = "Only payouts in it; PayPal takes one in a file"),
        ("as_frozen" = Option<bool>, Query, description = "Also what was taken back or held since"),
    ),
    responses(
        Reading,
        (
            status = 200, description = "The file", content((CsvText = "text/csv")),
            headers(("Tributary-Left-Out" = String, description = "Numbers of payouts that are not in the file, separated by commas")),
        ),
        (status = 409, description = "Nothing is open, something moved since it was frozen, an affiliate has no address, or it is more than a file takes", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let formats = Format::ALL.map(|format| (format.as_str(), format));
    let export = Export {
        batch: Some(BatchId(id)),
        currency: query.currency("currency"),
        format: query.one_of("format", &formats).unwrap_or(Format::Csv),
        as_frozen: query.boolean("as_frozen").unwrap_or(false),
    };
    query.finish()?;
    let mut connection = state.pool.acquire().await?;
    app::payouts::batch(&mut connection, caller.realm, BatchId(id)).await?;
    let exported = app::payouts::export(&mut connection, caller.realm, export).await?;
    let file = format!("attachment; filename=\"payouts-{id}-{}.csv\"", export.format.as_str());
    let headers = [
        (header::CONTENT_TYPE, CSV),
        (header::CONTENT_DISPOSITION, file.try_into().map_err(ApiError::internal)?),
    ];
    let mut response = (headers, exported.text).into_response();
    if !exported.left_out.is_empty() {
        let ids: Vec<String> = exported.left_out.iter().map(|one| one.payout_id.to_string()).collect();
        response.headers_mut().insert(LEFT_OUT, ids.join(", ").try_into().map_err(ApiError::internal)?);
    }
    Ok(response)
}
