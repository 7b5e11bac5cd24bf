//! `GET /console/{project}/{mode}/events/{id}`: an event's way, and its body.

use super::list::took;
use crate::{
    elements::{badge, when},
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
use maud::html;
use store::events;

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
) -> Result<Response, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let found = events::show(&mut connection, page.realm, id).await?;
    let (event, bytes) = found.ok_or_else(|| Failure::NotFound(format!("There is no event {id}.")))?;
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
        ol {
            li { "Happened at " (when(event.occurred_at)) }
            li { "Received and made durable at " (when(event.received_at)) }
            li { "Settled at " (when(event.settled_at)) ", " (took(&event)) " ms later" }
        }
        h2 { "Body" }
        (body(shown))
    };
    Ok(page.show(&format!("Event {}", event.event), &content))
}
