//! `GET /console/{project}/{mode}/batches/{id}/export`

use crate::{elements::csv_file, failure::Failure, page::Page, state::Console};
use app::payouts::{self, Export, Format};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use domain::{ids::BatchId, money::Currency};
use serde::Deserialize;

/// For whom.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    format: String,
    currency: String,
    as_frozen: String,
}

/// The open payouts of a batch as a file. What the provider does not take is left out; then the file is refused, so that nobody
/// takes it for all.
pub(crate) async fn export(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let format =
        Format::ALL.into_iter().find(|format| format.as_str() == wanted.format).unwrap_or(Format::Csv);
    let currency = wanted.currency.trim();
    let currency = match currency {
        "" => None,
        text => {
            let refused = |_| Failure::Refused(format!("{text:?} is no currency: write usd."));
            Some(Currency::parse(&text.to_lowercase()).map_err(refused)?)
        }
    };
    let mut connection = console.parts.reads.acquire().await?;
    let batch = BatchId(id);
    payouts::batch(&mut connection, page.realm, batch).await?;
    let export = Export { batch: Some(batch), currency, format, as_frozen: wanted.as_frozen == "yes" };
    let exported = payouts::export(&mut connection, page.realm, export).await?;
    if !exported.left_out.is_empty() {
        return Err(Failure::Refused(app::payouts::LeftOut::in_words(&exported.left_out)));
    }
    let currency = currency.map(|currency| format!("-{currency}")).unwrap_or_default();
    Ok(csv_file(&format!("payouts-{batch}-{}{currency}.csv", format.as_str()), exported.text))
}
