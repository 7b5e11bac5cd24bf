//! `GET /console/{project}/{mode}/payouts`

use super::payouts;
use crate::{
    elements::{choice, field, list_page, next, note, token},
    failure::Failure,
    page::Page,
    rights::Right,
    state::Console,
};
use app::payouts::Format;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use domain::ids::BatchId;
use maud::{Markup, html};
use serde::Deserialize;
use store::{
    page::Position,
    payouts::{self as store_payouts, Filter, STATUSES},
};

/// Which payouts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    status: String,
    batch: String,
    after: String,
    done: String,
}

pub(crate) async fn list(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let batch: Option<BatchId> = wanted.batch.trim().parse().ok().map(BatchId);
    let filter = Filter {
        status: STATUSES.into_iter().find(|status| *status == wanted.status).map(str::to_owned),
        batch,
        ..Filter::default()
    };
    let mut connection = console.parts.reads.acquire().await?;
    let rows = store_payouts::page(&mut connection, page.realm, &filter, &list_page(&wanted.after)).await?;
    let path = page.path("/payouts");
    let caption =
        batch.map_or("Payouts, the latest first".to_owned(), |batch| format!("Payouts of batch {batch}"));
    let content = html! {
        h1 { "Payouts" }
        (note(&wanted.done))
        p { a href={ (path) "/plan" } { "What is due now" } " and what would be carried over, before anything is frozen." }
        form.filter method="get" action=(path) role="search" { div.row {
            (choice("status", "Status", &wanted.status, "any", &STATUSES))
            (field("batch", "Batch", &wanted.batch))
            button type="submit" { "Find" }
        } }
        (payouts(&page, &caption, &rows.rows))
        (next(&path, &[("status", &wanted.status), ("batch", &wanted.batch)], &rows, |row| Position { at: row.created_at, id: row.id.0 }))
        @if let Some(batch) = batch.filter(|_| page.may(Right::Pay)) { (of_batch(&page, batch)) }
    };
    Ok(page.show("Payouts", &content))
}

/// What is done with all payouts of a batch.
fn of_batch(page: &Page, batch: BatchId) -> Markup {
    let path = page.path(&format!("/batches/{batch}"));
    html! {
        h2 { "This batch" }
        div.acts {
            form method="get" action={ (path) "/export" } {
                h3 { "Download" }
                p { "The open payouts of the batch as a file. Nothing is changed." }
                (choice("format", "For", "csv", "a spreadsheet", &Format::ALL.map(Format::as_str)))
                (field("currency", "Currency, where the provider takes one in a file", ""))
                label.inline { input type="checkbox" name="as_frozen" value="yes"; "Also with what was taken back or held since" }
                button type="submit" { "Download" }
            }
            form method="post" action={ (path) "/mark-paid" } {
                h3 { "Mark as paid" }
                p { "The money of every open payout of the batch has left." }
                (token(&page.person))
                label for="reference" { "Reference at the bank or provider" }
                input id="reference" name="reference" required maxlength="500" autocomplete="off";
                label for="paid_at" { "Day on which it left, if not today" }
                input id="paid_at" name="paid_at" type="date";
                button type="submit" { "Mark as paid" }
            }
        }
    }
}
