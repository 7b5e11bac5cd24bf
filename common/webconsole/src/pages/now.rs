//! `GET /console/{project}/{mode}/now`: what a page that is open asks for again.

use crate::{elements::when, failure::Failure, page::Page, state::Console};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use queue::Backlog;
use store::{
    events::{self, Recent},
    workers::{self, Worker},
};

/// Events that are looked at; enough for a minute of a busy day, and few enough to read in a millisecond.
const LOOKED_AT: i64 = 2_000;

/// The cards alone.
pub(crate) async fn cards(State(console): State<Console>, page: Page) -> Result<Response, Failure> {
    Ok(console.cards.of(page.realm, read(&console, &page)).await?.into_response())
}

/// How things are, as cards.
pub(crate) async fn read(console: &Console, page: &Page) -> Result<Markup, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let now = console.now();
    let recent = events::recent(&mut connection, page.realm, LOOKED_AT, now).await?;
    let backlog = queue::backlog(&mut connection, &console.parts.queue).await?;
    let workers = workers::list(&mut connection, console.parts.queue.as_str()).await?;
    Ok(html! {
        p.quiet { "At " (when(now)) }
        (in_cards(&recent))
        h2 { "The queue, of all projects" }
        (backlog_cards(&backlog, &workers))
    })
}

fn in_cards(recent: &Recent) -> Markup {
    let ms = |value: Option<i64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value} ms"));
    html! {
        ul.cards {
            li { span.figure { (recent.last_minute) } "settled in the last minute" }
            li { span.figure { (recent.last_hour) @if recent.last_hour >= LOOKED_AT { "+" } } "settled in the last hour" }
            li { span.figure { (ms(recent.median_ms)) } "from received to settled, half of the latest " (recent.looked_at) }
            li { span.figure { (ms(recent.p95_ms)) } "19 of 20 of them" }
            li { span.figure { (recent.ignored) } "of them without effect" }
            li { span.figure { @match recent.last_webhook { Some(at) => (when(at)), None => "never" } } "last webhook of a provider" }
        }
    }
}

fn backlog_cards(backlog: &Backlog, workers: &[Worker]) -> Markup {
    html! {
        ul.cards {
            li { span.figure { (backlog.due) } "messages wait in PostgreSQL" }
            li { span.figure { @match backlog.oldest { Some(age) => { (format!("{age:.0} s")) }, None => "–" } } "the oldest of them" }
            li { span.figure { (backlog.put_off) } "are put off until later" }
            li { span.figure { (backlog.dead_letters) } "dead letters are open" }
            li { span.figure { (workers.iter().filter(|worker| !worker.is_silent()).count()) } "workers were seen of late" }
        }
    }
}
