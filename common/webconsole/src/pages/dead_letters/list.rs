//! `GET /console/{project}/{mode}/dead-letters`

use super::{Asked, RETRY};
use crate::{
    elements::{ROWS, badge, cell, choice, field, id, link, list_page, next, note, number, table, time},
    failure::Failure,
    page::Page,
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use maud::{Markup, html};
use queue::{
    dead_letters::{self, DeadLetter, Window},
    envelope::Source,
};
use store::page::{Position, Rows};

pub(crate) async fn list(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failure> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let filter = asked.filter(&page, console.now());
    let wanted = list_page(&asked.after);
    let window = Window { after: wanted.after.map(|after| (after.at, after.id)), limit: ROWS + 1, offset: 0 };
    let mut connection = console.parts.reads.acquire().await?;
    let queue = &console.parts.queue;
    let rows = Rows::cut(dead_letters::page(&mut connection, queue, &filter, window).await?, &wanted);
    let total = dead_letters::count(&mut connection, queue, &filter).await?;
    let path = page.path("/dead-letters");
    let content = html! {
        h1 { "Dead letters" }
        (note(&asked.done))
        p { "Messages that no worker could settle, kept until a person decides." }
        form.filter method="get" action=(path) role="search" { div.row {
            (field("reason", "Reason contains", &asked.reason))
            (choice("source", "Came from", &asked.source, "anywhere", &Source::ALL.map(Source::as_str)))
            (field("hours", "At least so many hours old", &asked.hours))
            button type="submit" { "Find" }
        } }
        p { strong { (total) } " are open and fit." }
        (letters(&page, &rows.rows))
        (next(&path, &asked.query(), &rows, |row| Position { at: row.died_at, id: row.id }))
        @if total > 0 && page.may(Right::DeadLetters) { (everything(&page, &asked, total)) }
    };
    Ok(page.show("Dead letters", &content))
}

fn letters(page: &Page, letters: &[DeadLetter]) -> Markup {
    let rows: Vec<_> = letters
        .iter()
        .map(|letter| {
            vec![
                time(letter.died_at),
                cell(link(&page.path(&format!("/dead-letters/{}", letter.id)), letter.id)),
                cell(badge(source(letter))),
                id(&letter.reason),
                number(letter.attempts),
                number(letter.body_bytes),
            ]
        })
        .collect();
    let head = ["Given up", "Letter", "Came from", "Reason", "Attempts", "Bytes"];
    table("Open dead letters, the latest first", &head, &rows, "There is none.")
}

/// Where a message came from, as far as its headers can be read.
pub(crate) fn source(letter: &DeadLetter) -> &str {
    letter.headers.get("source").and_then(|source| source.as_str()).unwrap_or("unknown")
}

/// All that fit, after a page that asks once more.
fn everything(page: &Page, asked: &Asked, total: i64) -> Markup {
    let path = page.path("/dead-letters/all");
    html! {
        h2 { "All that fit" }
        p { (RETRY) }
        div.row { @for (act, title) in [("retry", "Retry"), ("discard", "Discard")] {
            form method="get" action=(path) {
                input type="hidden" name="act" value=(act);
                @for (name, value) in asked.query() { input type="hidden" name=(name) value=(value); }
                button class=[(act == "discard").then_some("bad")] type="submit" { (title) " all " (total) " …" }
            }
        } }
    }
}
