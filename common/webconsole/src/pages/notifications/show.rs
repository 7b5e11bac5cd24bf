//! `GET /console/{project}/{mode}/notifications/{id}`: an endpoint, its deliveries and their tries.

use crate::{
    elements::{badge, cell, choice, id as id_cell, list_page, next, note, number, table, time, token, when},
    failure::Failure,
    page::Page,
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use domain::ids::EndpointId;
use maud::{Markup, html};
use serde::Deserialize;
use store::{
    deliveries::{self, Delivery, DeliveryStatus, Filter},
    page::Position,
    webhook_endpoints::{Endpoint, EndpointStatus},
};

/// Which deliveries.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    status: String,
    after: String,
    done: String,
}

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let mut connection = console.parts.reads.acquire().await?;
    let endpoint = app::endpoints::find(&mut connection, page.realm, EndpointId(id)).await?;
    let filter = Filter { status: DeliveryStatus::parse(&wanted.status), ..Filter::default() };
    let rows = deliveries::list(&mut connection, endpoint.id, &filter, &list_page(&wanted.after)).await?;
    let path = page.path(&format!("/notifications/{}", endpoint.id));
    let statuses = DeliveryStatus::ALL.map(DeliveryStatus::as_str);
    let content = html! {
        h1 { "Endpoint " (endpoint.id) }
        (note(&wanted.done))
        (facts(&endpoint))
        @if page.may(Right::Endpoints) { (acts(&page, &endpoint, &path)) }
        h2 { "Deliveries" }
        form.filter method="get" action=(path) { div.row {
            (choice("status", "Status", &wanted.status, "any", &statuses))
            button type="submit" { "Find" }
        } }
        (listed(&rows.rows))
        (next(&path, &[("status", &wanted.status)], &rows, |row| Position { at: row.created_at, id: row.id.0 }))
    };
    Ok(page.show(&format!("Endpoint {}", endpoint.id), &content))
}

fn facts(endpoint: &Endpoint) -> Markup {
    html! {
        dl.facts {
            dt { "URL" } dd { code { (endpoint.url) } }
            @if let Some(text) = &endpoint.description { dt { "For" } dd { (text) } }
            dt { "Status" } dd { (badge(endpoint.status.as_str())) }
            dt { "Events" } dd { (endpoint.events.join(", ")) }
            dt { "Order" } dd { @if endpoint.ordered { "one at a time, in order" } @else { "as they come" } }
            dt { "Pending" } dd { (endpoint.pending) " on their way, " (endpoint.parked) " parked" }
            @if let Some(at) = endpoint.failing_since { dt { "Failing since" } dd { (when(at)) } }
            @if let Some(why) = &endpoint.disabled_reason { dt { "Disabled" } dd { (why) } }
        }
    }
}

fn acts(page: &Page, endpoint: &Endpoint, path: &str) -> Markup {
    let toggle = match endpoint.status {
        EndpointStatus::Active => ("pause", "Pause", "Nothing is sent; what comes meanwhile is parked."),
        EndpointStatus::Paused | EndpointStatus::Disabled => {
            ("enable", "Enable", "It is sent to again. What is parked waits until it is sent again.")
        }
    };
    let each = [
        ("test", "Test", "Sends a notification that tells of nothing, and shows the answer."),
        ("redeliver", "Send again", "Everything that failed or is parked, the first ones first."),
        ("rotate", "New secret", "Both sign for 24 hours. The new one is shown once."),
        toggle,
        ("delete", "Delete", "With all that is on its way to it."),
    ];
    html! {
        div.acts { @for (act, title, says) in each {
            form method="post" action=(path) {
                h2 { (title) }
                p { (says) }
                (token(&page.person))
                input type="hidden" name="act" value=(act);
                button class=[(act == "delete").then_some("bad")] type="submit" { (title) }
            }
        } }
    }
}

fn listed(deliveries: &[Delivery]) -> Markup {
    let rows: Vec<_> = deliveries
        .iter()
        .map(|delivery| {
            let last = delivery.attempts.last();
            let answer = last.map(|last| match (&last.error, last.status_code) {
                (Some(error), _) => error.clone(),
                (None, Some(code)) => code.to_string(),
                (None, None) => String::new(),
            });
            vec![
                time(delivery.created_at),
                id_cell(&delivery.notification),
                cell(&delivery.event),
                cell(badge(delivery.status.as_str())),
                number(delivery.attempts.len()),
                cell(answer.unwrap_or_default()),
                number(last.map_or_else(|| "–".to_owned(), |last| format!("{} ms", last.duration_ms))),
                cell(delivery.next_attempt_at.map_or_else(|| html! { "–" }, when)),
            ]
        })
        .collect();
    let head =
        ["Put on its way", "Notification", "Event", "Status", "Tries", "Last answer", "Took", "Next try"];
    table("Deliveries, the latest first", &head, &rows, "There is none.")
}
