//! `GET /console/{project}/{mode}/affiliates/{id}/statement.csv`

use super::show::{Wanted, affiliate, edge};
use crate::{elements::csv_file, failure::Failure, page::Page, state::Console};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use store::statements;

/// The statement as a file, as `tributary statement --csv` and REST give it.
pub(crate) async fn file(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let period = query.map(|Query(wanted)| wanted).unwrap_or_default().period()?;
    let affiliate = affiliate(&console, &page, id).await?;
    let mut connection = console.patient().await?;
    let account = statements::of(&mut connection, affiliate.id, None, period).await?;
    let name = format!("statement-{}-{}.csv", affiliate.id, edge(period.from));
    Ok(csv_file(&name, app::statements::csv(&account, period)))
}
