//! `GET /console/{project}/{mode}/decisions`: who did what, and why.

use crate::{
    elements::{ROWS, cell, id, link, more, table, time},
    failure::Failure,
    page::Page,
    state::Console,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;
use store::{acts, decisions};

/// Where a list goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// `decisions` or `acts`.
    of: String,
    after: String,
}

pub(crate) async fn list(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let before = |of: &str| if wanted.of == of { wanted.after.parse().ok() } else { None };
    let mut connection = console.parts.reads.acquire().await?;
    let decided = decisions::list(&mut connection, page.realm, None, before("decisions"), ROWS).await?;
    let acts = acts::list(&mut connection, page.realm, before("acts"), ROWS).await?;
    let path = page.path("/decisions");
    let rows: Vec<_> = decided
        .iter()
        .map(|one| {
            let list = if one.kind == "lock" { "customers" } else { "payments" };
            let named: String = url::form_urlencoded::byte_serialize(one.subject.as_bytes()).collect();
            let to = page.path(&format!("/{list}?q={named}"));
            vec![
                time(one.decided_at),
                id(link(&to, &one.subject)),
                cell(&one.decided),
                cell(&one.actor),
                cell(&one.reason),
            ]
        })
        .collect();
    let done: Vec<_> = acts
        .iter()
        .map(|act| {
            let detail = act.detail.as_deref().unwrap_or_default();
            vec![time(act.at), cell(&act.actor), cell(&act.what), id(&act.subject), cell(detail)]
        })
        .collect();
    let content = html! {
        h1 { "Decisions" }
        p { "Payments are held, released and rejected on their own pages; customers are locked on theirs." }
        (table("Decisions, the latest first", &["Time", "About", "Decided", "Who", "Why"], &rows, "Nobody decided anything yet."))
        (older(&path, "decisions", decided.last().map(|one| one.id), decided.len()))
        h2 { "Everything else that people did here" }
        (table("Acts, the latest first", &["Time", "Who", "Did", "To", "Why"], &done, "Nobody did anything yet."))
        (older(&path, "acts", acts.last().map(|one| one.id), acts.len()))
    };
    Ok(page.show("Decisions", &content))
}

fn older(path: &str, of: &str, last: Option<i64>, rows: usize) -> Markup {
    let is_full = i64::try_from(rows).is_ok_and(|rows| rows >= ROWS);
    html! { @if let Some(last) = last.filter(|_| is_full) { (more(path, &[("of", of)], &last.to_string())) } }
}
