//! `GET /console/{project}/{mode}/events/{id}`: an event's way, and its body.

use super::list::took;
use crate::{
    elements::{badge, cell, id as id_cell, link, table, when},
    failure::Failure,
    page::Page,
    pages::dead_letters::show::body,
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use maud::{Markup, html};
use store::events::{self, Arrival, Consequence, Event};

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
) -> Result<Response, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let found = events::show(&mut connection, page.realm, id).await?;
    let (event, bytes) = found.ok_or_else(|| Failure::NotFound(format!("There is no event {id}.")))?;
    let consequences = events::consequences(&mut connection, page.realm, &event).await?;
    let shown = page.may(Right::Bodies).then_some(bytes.as_slice());
    let content = html! {
        h1 { "Event " span.id { (event.event) } }
        dl.facts {
            dt { "Type" } dd { code { (event.kind) } }
            dt { "Came from" } dd { (badge(&event.source)) }
            dt { "Outcome" } dd { @match &event.ignored {
                Some(reason) => { "Without effect: " (reason) },
                None => "Settled: its facts are kept, and what they imply is in the ledger.",
            } }
            @if let Some(trace) = &event.traceparent { dt { "Trace" } dd { code { (trace) } } }
        }
        h2 { "Its way" }
        (way(&event, &consequences))
        (told(&page, &consequences))
        h2 { "Body" }
        (body(shown))
    };
    Ok(page.show(&format!("Event {}", event.event), &content))
}

/// Received, queued, settled, notified, each with its time.
fn way(event: &Event, consequences: &[Consequence]) -> Markup {
    let tried: Vec<_> =
        consequences.iter().flat_map(|told| &told.arrivals).filter_map(|at| at.tried_at).collect();
    let arrived =
        consequences.iter().flat_map(|told| &told.arrivals).filter(|at| at.status == "delivered").count();
    html! {
        ol.way {
            li { strong { "Happened" } " at " (when(event.occurred_at)) }
            li { strong { "Received and queued" } " at " (when(event.received_at)) ": the sender was answered when it was durable" }
            li { strong { "Settled" } " at " (when(event.settled_at)) ", " (took(event)) " ms later" }
            li { strong { "Notified" }
                @match (consequences.len(), tried.iter().max()) {
                    (0, _) => { ": nothing changed by it, or it is longer ago than notifications are kept" },
                    (told, None) => { ": " (told) " written at " (when(event.settled_at)) "; no endpoint asked for them" },
                    (told, Some(last)) => {
                        ": " (told) " written at " (when(event.settled_at)) ", delivered " (arrived) " times, last tried at " (when(*last))
                    },
                }
            }
        }
    }
}

/// What was told of it, and to whom.
fn told(page: &Page, consequences: &[Consequence]) -> Markup {
    if consequences.is_empty() {
        return html! {};
    }
    let rows: Vec<_> = consequences
        .iter()
        .map(|told| {
            let place = told.sequence.map_or_else(|| "–".to_owned(), |place| place.to_string());
            let payment = told.conversion.map(|id| link(&page.path(&format!("/payments/{id}")), id));
            vec![
                cell(&told.event),
                cell(payment.unwrap_or_else(|| html! {})),
                crate::elements::number(told.delta.map(|delta| delta.to_string()).unwrap_or_default()),
                crate::elements::number(place),
                id_cell(&told.notification),
                cell(arrivals(page, &told.arrivals)),
            ]
        })
        .collect();
    let head = ["What", "Payment", "Changed by", "In the feed", "Notification", "Sent to"];
    table("What was told of it", &head, &rows, "")
}

fn arrivals(page: &Page, arrivals: &[Arrival]) -> Markup {
    html! {
        @for arrival in arrivals {
            (link(&page.path(&format!("/notifications/{}", arrival.endpoint)), format!("endpoint {}", arrival.endpoint))) " "
            (badge(&arrival.status)) " "
            @if let Some(at) = arrival.tried_at { (when(at)) } " "
        }
    }
}
