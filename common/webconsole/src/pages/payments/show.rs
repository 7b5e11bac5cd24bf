//! `GET /console/{project}/{mode}/payments/{id}`: one payment explained.

use super::Explained;
use crate::{
    elements::{badge, cell, note, reason, table, time, token, when},
    failure::Failure,
    page::Page,
    picture::{self, Links},
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use store::decisions::{self, Recorded};

/// Decisions about one payment are few.
const MOST_DECISIONS: i64 = 100;

/// What was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Done {
    pub(crate) done: String,
}

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    query: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Failure> {
    let explained = Explained::find(&console, &page, id).await?;
    let payment = &explained.payment;
    let subject = [payment.payment.clone()];
    let mut connection = console.parts.reads.acquire().await?;
    let decided = decisions::list(&mut connection, page.realm, Some(&subject), None, MOST_DECISIONS).await?;
    let path = page.path(&format!("/payments/{}", payment.id));
    let svg = picture::svg(&explained.story(), Some(&Links { base: page.path("") }));
    let content = html! {
        h1 { "Payment " span.id { (payment.payment) } }
        (note(&query.map(|Query(query)| query.done).unwrap_or_default()))
        p { (badge(&payment.status)) " " (when(payment.occurred_at)) " "
            a.no-print href={ (path) "/picture.svg" } download { "Download the picture" } }
        div.picture tabindex="0" role="region" aria-label="The payment explained" { (PreEscaped(svg)) }
        @if page.may(Right::Decide) { (acts(&page, &path)) }
        h2 { "Decisions" }
        (log(&decided))
    };
    Ok(page.show(&format!("Payment {}", payment.payment), &content))
}

fn acts(page: &Page, path: &str) -> Markup {
    let acts = [
        ("hold", "Hold", "It is earned, and not paid until it is released."),
        ("release", "Release", "A hold of a person ends; what the rules hold stays held."),
        ("reject", "Reject", "Nobody earns by this payment."),
    ];
    html! {
        h2.no-print { "Decide" }
        div.acts.no-print { @for (ruling, title, says) in acts {
            form method="post" action={ (path) "/decide" } {
                h3 { (title) }
                p { (says) }
                (token(&page.person))
                input type="hidden" name="ruling" value=(ruling);
                (reason(&format!("reason-{ruling}")))
                button class=[(ruling == "reject").then_some("bad")] type="submit" { (title) " the commission" }
            }
        } }
    }
}

/// Who decided what, and why.
fn log(decided: &[Recorded]) -> Markup {
    let rows: Vec<_> = decided
        .iter()
        .map(|one| vec![time(one.decided_at), cell(&one.decided), cell(&one.actor), cell(&one.reason)])
        .collect();
    table(
        "Decisions, the latest first",
        &["Time", "Decided", "Who", "Why"],
        &rows,
        "Nobody decided anything about it.",
    )
}
