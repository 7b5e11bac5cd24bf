//! What pages are built of.

use crate::{form, person::Person};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Utc};
use domain::money::Money;
use maud::{Markup, Render, html};
use store::page::{LOOKED_AT, Page, Position, Rows};

/// Rows on a page of a list.
pub(crate) const ROWS: i64 = 50;

/// The hidden field by which a form is known to be ours.
pub(crate) fn token(person: &Person) -> Markup {
    html! { input type="hidden" name=(form::TOKEN) value=(person.token); }
}

/// A table with its caption, or a sentence when it has no rows. It can be scrolled by keyboard where it is too wide.
pub(crate) fn table(caption: &str, head: &[&str], rows: &[Vec<Cell>], empty: &str) -> Markup {
    if rows.is_empty() {
        return html! { p.empty { (empty) } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for (at, title) in head.iter().enumerate() {
                    @let number = rows.first().and_then(|row| row.get(at)).is_some_and(|cell| cell.class == "number");
                    th scope="col" class=[number.then_some("number")] { (title) }
                } } }
                tbody { @for row in rows { tr { @for cell in row {
                    td class=[(!cell.class.is_empty()).then_some(cell.class)] { (cell.content) }
                } } } }
            }
        }
    }
}

/// A cell of a table.
pub(crate) struct Cell {
    class: &'static str,
    content: Markup,
}

/// A cell with anything in it.
pub(crate) fn cell(content: impl Render) -> Cell {
    Cell { class: "", content: html! { (content) } }
}

/// An id or a code.
pub(crate) fn id(content: impl Render) -> Cell {
    Cell { class: "id", content: html! { (content) } }
}

/// A count.
pub(crate) fn number(content: impl Render) -> Cell {
    Cell { class: "number", content: html! { (content) } }
}

/// An amount with its currency.
pub(crate) fn money(amount: Money) -> Cell {
    Cell { class: "number", content: html! { (amount.to_string()) } }
}

/// A time, to the second.
pub(crate) fn time(at: DateTime<Utc>) -> Cell {
    Cell { class: "time", content: when(at) }
}

/// A time within a text.
pub(crate) fn when(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (crate::texts::time(at)) } }
}

/// A link.
#[expect(clippy::needless_pass_by_value, reason = "names and numbers alike, as callers have them")]
pub(crate) fn link(to: &str, text: impl ToString) -> Markup {
    html! { a href=(to) { (text.to_string()) } }
}

/// A status in a word, with a colour beside it.
pub(crate) fn badge(status: &str) -> Markup {
    let class = match status {
        "attributed" | "paid" | "active" | "delivered" | "converted" | "ok" | "works" => "badge good",
        "held" | "pending" | "open" | "paused" | "parked" | "warning" => "badge warn",
        "rejected" | "reversed" | "failed" | "disabled" | "canceled" | "silent" => "badge bad",
        _ => "badge",
    };
    html! { span class=(class) { (status) } }
}

/// A choice in a form.
pub(crate) fn choice(name: &str, label: &str, chosen: &str, all: &str, values: &[&str]) -> Markup {
    html! {
        div {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                option value="" { (all) }
                @for value in values { option value=(value) selected[*value == chosen] { (value.replace('_', " ")) } }
            }
        }
    }
}

/// A line of text in a form.
pub(crate) fn field(name: &str, label: &str, value: &str) -> Markup {
    html! { div { label for=(name) { (label) } input id=(name) name=(name) value=(value) maxlength="1000" autocomplete="off"; } }
}

/// Why something is done, which has to be said.
pub(crate) fn reason(id: &str) -> Markup {
    html! {
        label for=(id) { "Reason" }
        input id=(id) name="reason" required maxlength="1000" autocomplete="off";
    }
}

/// The page of a list that was asked for: `after` is where the page before ended.
pub(crate) fn list_page(after: &str) -> Page {
    let position = after.split_once('-').and_then(|(at, id)| {
        let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
        Some(Position { at, id: id.parse().ok()? })
    });
    Page { limit: ROWS, offset: 0, after: position, may_stop: true }
}

/// The way to the next page, with the filter in `query`.
pub(crate) fn next<T>(
    path: &str,
    query: &[(&str, &str)],
    rows: &Rows<T>,
    last: impl Fn(&T) -> Position,
) -> Markup {
    let after = rows.next(last).map(|at| format!("{}-{}", at.at.timestamp_micros(), at.id));
    html! { (looked_at(rows)) @if let Some(after) = after { (more(path, query, &after)) } }
}

/// The way to what comes after.
pub(crate) fn more(path: &str, query: &[(&str, &str)], after: &str) -> Markup {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
    let query = text.append_pair("after", after).finish();
    html! { nav.pages aria-label="More" { a href={ (path) "?" (query) } rel="next" { "Older" } } }
}

/// How far a list was looked through before a page was full, and that it goes on.
pub(crate) fn looked_at<T>(rows: &Rows<T>) -> Markup {
    html! { @if rows.stopped.is_some() {
        p.note role="status" { "Looked at the next " (LOOKED_AT) " alone. What is older is on the next page; with less to ask for it is found at once." }
    } }
}

/// In the place of figures that are read for the first time.
pub(crate) fn being_added_up() -> Markup {
    html! { p.note role="status" { "This is being added up from a long history. The page asks again by itself in a few seconds." } }
}

/// When figures were read that are kept for a moment.
pub(crate) fn as_of(at: DateTime<Utc>) -> Markup {
    html! { p.quiet { "As of " (when(at)) } }
}

/// After something was done: to a page that says so.
pub(crate) fn done(path: &str, what: &str) -> Response {
    Redirect::to(&format!("{path}?done={what}")).into_response()
}

/// What was done, by the word that [`done`] passed on. Only these words are shown, so that nobody can put others there.
pub(crate) fn note(what: &str) -> Markup {
    let text = match what {
        "held" => "The commission is held.",
        "released" => "The commission is released.",
        "rejected" => "The commission is rejected.",
        "locked" => "The customer is locked, and its payments were judged again.",
        "unlocked" => "The customer is unlocked, and its payments were judged again.",
        "frozen" => "The payouts below were made. Download them, pay, then mark them as paid.",
        "repeated" => "A run of this name was made before: here it is, nothing new was made.",
        "paid" => "It is marked as paid.",
        "canceled" => "The payout is canceled.",
        "retried" => "They are on the queue again.",
        "discarded" => "They are discarded.",
        "ruled" => "The rules are kept. What they concern is judged again.",
        "revoked" => "The key is revoked.",
        "redelivered" => "What failed or was parked is on its way again.",
        "paused" => "Nothing is sent to it until it is enabled.",
        "enabled" => "It is sent to again.",
        "deleted" => "The endpoint is deleted.",
        "accepted" => "It is decided, and takes effect when the workers have settled it.",
        _ => return html! {},
    };
    html! { p.note role="status" { (text) } }
}

/// A spreadsheet to be kept as a file.
pub(crate) fn csv_file(name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(disposition).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    (headers, text).into_response()
}
