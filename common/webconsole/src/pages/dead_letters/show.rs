//! `GET /console/{project}/{mode}/dead-letters/{id}`

use super::{RETRY, list::source};
use crate::{
    elements::{badge, reason, token, when},
    failure::Failure,
    page::Page,
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use maud::{Markup, html};
use queue::dead_letters;

/// What is shown of a body; the rest is in the file that REST and the command line give.
const SHOWN: usize = 64 * 1024;

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
) -> Result<Response, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let queue = &console.parts.queue;
    let letter = app::dead_letters::find(&mut connection, queue, page.realm, id).await?;
    let body = if page.may(Right::Bodies) {
        dead_letters::show(&mut connection, queue, id).await?.map(|(_, body)| body)
    } else {
        None
    };
    let content = html! {
        h1 { "Dead letter " (letter.id) }
        dl.facts {
            dt { "Given up" } dd { (when(letter.died_at)) " after " (letter.attempts) " attempts" }
            dt { "Came from" } dd { (badge(source(&letter))) }
            dt { "Reason" } dd { (letter.reason) }
            dt { "Headers" } dd { code { (letter.headers.to_string()) } }
        }
        @if page.may(Right::DeadLetters) { (acts(&page, id)) }
        h2 { "Body" }
        (self::body(body.as_deref()))
    };
    Ok(page.show(&format!("Dead letter {id}"), &content))
}

/// A body as it was received; JSON in lines.
pub(crate) fn body(body: Option<&[u8]>) -> Markup {
    let Some(body) = body else {
        return html! { p.empty { "Your role does not see bodies: they hold what a provider knows of a customer." } };
    };
    if body.is_empty() {
        return html! { p.empty { "It went to an archive, which " code { "tributary replay --archive" } " reads." } };
    }
    let pretty = serde_json::from_slice::<serde_json::Value>(body).ok();
    let pretty = pretty.and_then(|json| serde_json::to_string_pretty(&json).ok());
    let text = pretty.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let shown: String = text.chars().take(SHOWN).collect();
    html! {
        pre tabindex="0" { (shown) }
        @if shown.len() < text.len() { p { "This is the beginning; there are " (text.len()) " bytes." } }
    }
}

fn acts(page: &Page, id: i64) -> Markup {
    let path = page.path(&format!("/dead-letters/{id}"));
    html! {
        div.acts {
            form method="post" action=(path) {
                h2 { "Retry" }
                p { (RETRY) }
                (token(&page.person))
                input type="hidden" name="act" value="retry";
                button type="submit" { "Retry" }
            }
            form method="post" action=(path) {
                h2 { "Discard" }
                p { "For good. It stays on record, with who did it and why." }
                (token(&page.person))
                input type="hidden" name="act" value="discard";
                (reason("reason-discard"))
                button.bad type="submit" { "Discard" }
            }
        }
    }
}
