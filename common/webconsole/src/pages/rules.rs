//! `GET /console/{project}/{mode}/rules`: the versions, and a change that is tried on history before it is kept.

pub(crate) mod change;
pub(crate) mod simulate;

use crate::{
    elements::{badge, token, when},
    failure::Failure,
    page::Page,
    pages::payments::show::Done,
    rights::Right,
    state::Console,
};
use app::rules::{WrittenRules, in_force};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use domain::rules::Rules;
use maud::{Markup, html};
use store::program_rules::{self, Numbered};

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let versions = program_rules::list(&mut connection, page.realm.project).await?;
    let current = in_force(&versions, console.now()).map(|numbered| numbered.number);
    let latest = versions.last().map(|numbered| written(&numbered.version.rules));
    let content = html! {
        h1 { "Rules" }
        (crate::elements::note(&query.map(|Query(query)| query.done).unwrap_or_default()))
        p { "The programme's rules are those of both modes. A version is never edited: a payment is judged by the one in force at its own time." }
        @if page.may(Right::Rules) { (editor(&page, &latest.unwrap_or_default(), "")) }
        h2 { "Versions" }
        @for numbered in versions.iter().rev() { (version(numbered, current)) }
        @if versions.is_empty() { p.empty { "There is none yet." } }
    };
    Ok(page.show("Rules", &content))
}

/// Rules as they are written, which can be fed back.
pub(crate) fn written(rules: &Rules) -> String {
    serde_json::to_string_pretty(&WrittenRules::from(rules)).unwrap_or_default()
}

/// Reads what [`written`] wrote.
pub(crate) fn read(text: &str) -> Result<Rules, Failure> {
    let written: WrittenRules = serde_json::from_str(text)
        .map_err(|error| Failure::Refused(format!("The rules cannot be read: {error}.")))?;
    written.rules().map_err(|error| Failure::Refused(format!("The rules make no sense: {error}.")))
}

fn version(numbered: &Numbered, current: Option<i32>) -> Markup {
    html! {
        details open[Some(numbered.number) == current] {
            summary {
                "Version " (numbered.number) ", from "
                @match numbered.version.valid_from { Some(from) => (when(from)), None => "the beginning" }
                @if Some(numbered.number) == current { " " (badge("in force")) }
            }
            p { "Written at " (when(numbered.created_at)) }
            pre tabindex="0" { (written(&numbered.version.rules)) }
        }
    }
}

/// Rules to be tried, and then kept.
pub(crate) fn editor(page: &Page, text: &str, from: &str) -> Markup {
    html! {
        h2 { "Change them" }
        form method="post" action=(page.path("/rules/simulate")) {
            (token(&page.person))
            label for="rules" { "Rules, as docs/RULES.md has them" }
            textarea.rules id="rules" name="rules" required spellcheck="false" { (text) }
            label for="from" { "From this time on, as 2026-07-01T00:00:00Z; from now on when empty" }
            input id="from" name="from" value=(from) maxlength="40" autocomplete="off";
            button type="submit" { "Try on history" }
        }
    }
}
