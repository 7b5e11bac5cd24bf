//! `GET /console/{project}/{mode}/notifications`: endpoints, and what is on its way to them.

pub(crate) mod act;
pub(crate) mod create;
pub(crate) mod show;

use crate::{
    elements::{badge, cell, field, id, link, list_page, next, note, number, table, time, token},
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
use serde::Deserialize;
use store::{
    page::Position,
    webhook_endpoints::{self, Endpoint},
};

/// Where the list goes on, and what was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    after: String,
    done: String,
}

pub(crate) async fn list(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let mut connection = console.parts.reads.acquire().await?;
    let rows = webhook_endpoints::list(&mut connection, page.realm, &list_page(&wanted.after)).await?;
    let content = html! {
        h1 { "Notifications" }
        (note(&wanted.done))
        (endpoints(&page, &rows.rows))
        (next(&page.path("/notifications"), &[], &rows, |row| Position { at: row.created_at, id: row.id.0 }))
        @if page.may(Right::Endpoints) { (form(&page)) }
    };
    Ok(page.show("Notifications", &content))
}

fn endpoints(page: &Page, endpoints: &[Endpoint]) -> Markup {
    let rows: Vec<_> = endpoints
        .iter()
        .map(|endpoint| {
            let to = page.path(&format!("/notifications/{}", endpoint.id));
            vec![
                id(link(&to, &endpoint.url)),
                cell(badge(endpoint.status.as_str())),
                cell(endpoint.events.join(", ")),
                number(endpoint.pending),
                number(endpoint.parked),
                number(endpoint.failures),
                time(endpoint.created_at),
            ]
        })
        .collect();
    let head = ["Endpoint", "Status", "Events", "On their way", "Parked", "Failed tries", "Made"];
    table("Endpoints, the latest first", &head, &rows, "There is none: nobody is told of anything.")
}

fn form(page: &Page) -> Markup {
    html! {
        h2 { "Make one" }
        form method="post" action=(page.path("/notifications")) {
            (token(&page.person))
            label for="url" { "URL" }
            input id="url" name="url" type="url" required maxlength="2000" autocomplete="off";
            (field("events", "Events, apart by blanks; * for all", "*"))
            (field("description", "What it is for", ""))
            p { label.inline { input type="checkbox" name="ordered" value="yes"; "One at a time, in order" } }
            button type="submit" { "Make an endpoint" }
        }
    }
}

/// A secret, this once.
pub(crate) fn secret(page: &Page, endpoint: &Endpoint, secret: &str) -> Markup {
    html! {
        h1 { "Secret of endpoint " (endpoint.id) }
        p { code { (endpoint.url) } }
        p.warning { "It is shown this once. Keep it where the receiver reads it." }
        pre tabindex="0" { (secret) }
        p { a href=(page.path(&format!("/notifications/{}", endpoint.id))) { "To the endpoint" } }
    }
}
