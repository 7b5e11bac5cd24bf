//! `GET`, `POST /console/{project}/{mode}/proof`: whether the ledger is what it promises to be, and its digest.

use crate::{
    elements::{badge, cell, number, table, time, token},
    failure::Failure,
    form::Posted,
    page::Page,
    state::Console,
};
use axum::{extract::State, response::Response};
use maud::{Markup, html};
use store::{
    acts::{self, Act, Recorded},
    verification::Finding,
};

/// Acts that are looked through for earlier checks.
const LOOKED_AT: i64 = 500;
const WHAT: &str = "ledger checked";

pub(crate) async fn show(State(console): State<Console>, page: Page) -> Result<Response, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let acts = acts::list(&mut connection, page.realm, None, LOOKED_AT).await?;
    let content = html! {
        (start(&page))
        h2 { "Earlier checks" }
        (earlier(&acts))
    };
    Ok(page.show("Proof", &content))
}

fn start(page: &Page) -> Markup {
    html! {
        h1 { "Proof" }
        p { "Every rule of the ledger is checked against every row of this project, in both modes, and the digest is computed: one hash of all that was \
            earned, by whom and why. The same history has the same digest in whatever order it came." }
        form method="post" action=(page.path("/proof")) {
            (token(&page.person))
            button type="submit" { "Check now" }
        }
    }
}

fn earlier(acts: &[Recorded]) -> Markup {
    let checks = acts.iter().filter(|act| act.what == WHAT);
    let rows: Vec<_> = checks
        .map(|act| {
            vec![
                time(act.at),
                cell(&act.actor),
                cell(&act.subject),
                crate::elements::id(act.detail.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    table(
        "Checks, the latest first",
        &["Time", "Who", "Result", "Digest"],
        &rows,
        "Nobody checked it here yet.",
    )
}

/// Checks it, and records what came of it.
pub(crate) async fn check(
    State(console): State<Console>,
    page: Page,
    _posted: Posted,
) -> Result<Response, Failure> {
    let turn = console.simulations.try_acquire();
    let _turn = turn.map_err(|_| Failure::Unavailable("Another check is running. Try again in a moment."))?;
    let project = page.realm.project;
    let snapshot = app::proof::begin(&console.parts.writes, project).await?;
    let proof = app::proof::prove(snapshot, project).await?;
    let broken = proof.broken();
    let result =
        if broken == 0 { "every rule holds".to_owned() } else { format!("{broken} rules are broken") };
    let act = Act {
        at: console.now(),
        actor: &page.person.who.name,
        user: Some(page.person.who.user),
        realm: Some(page.realm),
        what: WHAT,
        subject: &result,
        detail: Some(&proof.digest),
    };
    acts::record(&mut *console.parts.writes.acquire().await?, act).await?;
    let content = html! {
        (start(&page))
        h2 { "Result: " (result) }
        p { "Digest " code { (proof.digest) } }
        (found(&proof.findings))
    };
    Ok(page.show("Proof", &content))
}

fn found(findings: &[Finding]) -> Markup {
    let rows: Vec<_> = findings
        .iter()
        .map(|finding| {
            let word = if finding.violations == 0 { "ok" } else { "failed" };
            vec![
                cell(badge(word)),
                cell(finding.rule),
                number(finding.violations),
                cell(finding.examples.join(", ")),
            ]
        })
        .collect();
    table("Rules of the ledger", &["Holds", "Rule", "Violations", "Examples"], &rows, "")
}
