//! `GET /console/{project}/{mode}/events`

use crate::{
    elements::{badge, cell, choice, field, id, link, list_page, next, number, table, time},
    failure::Failure,
    page::Page,
    state::Console,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use queue::envelope::Source;
use serde::Deserialize;
use store::{
    events::{self, Event, Filter},
    page::Position,
};

/// Which events.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// One, by its name.
    event: String,
    kind: String,
    source: String,
    outcome: String,
    after: String,
}

pub(crate) async fn list(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let mut connection = console.parts.reads.acquire().await?;
    let named = wanted.event.trim().replace('\0', "");
    let mut missing = false;
    if !named.is_empty() {
        if let Some(event) = events::find(&mut connection, page.realm, &named).await? {
            return Ok(Redirect::to(&page.path(&format!("/events/{}", event.id))).into_response());
        }
        missing = true;
    }
    let text = |text: &str| Some(text.trim().replace('\0', "")).filter(|text| !text.is_empty());
    let filter = Filter {
        kind: text(&wanted.kind),
        source: text(&wanted.source),
        ignored: match wanted.outcome.as_str() {
            "settled" => Some(false),
            "without effect" => Some(true),
            _ => None,
        },
        event: None,
    };
    let found = events::page(&mut connection, page.realm, &filter, &list_page(&wanted.after)).await?;
    let path = page.path("/events");
    let query = [("kind", wanted.kind.as_str()), ("source", &wanted.source), ("outcome", &wanted.outcome)];
    let content = html! {
        h1 { "Events in" }
        form.filter method="get" action=(path) role="search" { div.row {
            (field("event", "Event, by its name", &wanted.event))
            (field("kind", "Type", &wanted.kind))
            (choice("source", "Came from", &wanted.source, "anywhere", &Source::ALL.map(Source::as_str)))
            (choice("outcome", "Outcome", &wanted.outcome, "any", &["settled", "without effect"]))
            button type="submit" { "Find" }
        } }
        @if missing { p.problem role="alert" { "No event " (named) " has been settled in " (page.realm.mode) " mode." } }
        (listed(&page, &found.rows))
        (next(&path, &query, &found, |row| Position { at: row.settled_at, id: row.id }))
    };
    Ok(page.show("Events in", &content))
}

/// Events in a table.
pub(crate) fn listed(page: &Page, events: &[Event]) -> Markup {
    let rows: Vec<_> = events
        .iter()
        .map(|event| {
            vec![
                time(event.received_at),
                id(link(&page.path(&format!("/events/{}", event.id)), &event.event)),
                id(&event.kind),
                cell(badge(&event.source)),
                cell(event.ignored.as_deref().unwrap_or("settled")),
                number(format!("{} ms", took(event))),
            ]
        })
        .collect();
    let head = ["Received", "Event", "Type", "Came from", "Outcome", "Took"];
    table("Events, the latest first; a repeat of one is no event", &head, &rows, "There is none that fits.")
}

/// From being received to being settled.
pub(crate) fn took(event: &Event) -> i64 {
    event.settled_at.signed_duration_since(event.received_at).num_milliseconds().max(0)
}
