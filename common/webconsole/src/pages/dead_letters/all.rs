//! `GET`, `POST /console/{project}/{mode}/dead-letters/all`: all that fit, after it was asked once more.

use super::{Asked, RETRY};
use crate::{
    elements::{done, reason, token},
    failure::Failure,
    form::Posted,
    page::Page,
    state::Console,
};
use app::dead_letters::MOST;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use maud::html;
use queue::dead_letters::{self, GivenUp};
use serde::Deserialize;
use store::acts::{self, Act as Record};

/// What is done with dead letters.
pub(crate) enum Act {
    Retry,
    Discard { reason: String },
}

impl Act {
    pub(crate) fn read(posted: &Posted) -> Result<Self, Failure> {
        match (posted.text("act"), posted.text("reason")) {
            ("retry", _) => Ok(Self::Retry),
            ("discard", "") => Err(Failure::Refused("Say why it is discarded.".to_owned())),
            ("discard", reason) => Ok(Self::Discard { reason: reason.chars().take(1_000).collect() }),
            _ => Err(Failure::Refused("Say what is done: retry or discard.".to_owned())),
        }
    }

    pub(crate) fn done(&self) -> &'static str {
        match self {
            Self::Retry => "retried",
            Self::Discard { .. } => "discarded",
        }
    }
}

/// Does it, with a line on record, all or none.
pub(crate) async fn perform(console: &Console, page: &Page, act: &Act, ids: &[i64]) -> Result<(), Failure> {
    let queue = &console.parts.queue;
    let who = &page.person.who;
    let mut transaction = console.parts.writes.begin().await?;
    let (what, detail) = match act {
        Act::Retry => {
            app::dead_letters::retry(&mut transaction, queue, ids).await?;
            ("dead letters retried", None)
        }
        Act::Discard { reason } => {
            let given_up = GivenUp { actor: &who.name, reason: Some(reason) };
            app::dead_letters::discard(&mut transaction, queue, ids, given_up).await?;
            ("dead letters discarded", Some(reason.as_str()))
        }
    };
    let subject = match ids {
        [one] => one.to_string(),
        several => format!("{} of them", several.len()),
    };
    let record = Record {
        at: console.now(),
        actor: &who.name,
        user: Some(who.user),
        realm: Some(page.realm),
        what,
        subject: &subject,
        detail,
    };
    acts::record(&mut transaction, record).await?;
    Ok(transaction.commit().await?)
}

/// What is asked once more.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    act: String,
    reason: String,
    source: String,
    hours: String,
}

pub(crate) async fn confirm(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let Wanted { act, reason: part, source, hours } = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let asked = Asked { reason: part, source, hours, ..Asked::default() };
    let filter = asked.filter(&page, console.now());
    let mut connection = console.parts.reads.acquire().await?;
    let total = dead_letters::count(&mut connection, &console.parts.queue, &filter).await?;
    let discards = act == "discard";
    let title = if discards { "Discard" } else { "Retry" };
    let content = html! {
        h1 { (title) " " (total) " dead letters" }
        p { @if discards { "For good. They stay on record, with who did it and why." } @else { (RETRY) } }
        @if total > MOST { p.warning { "At most " (MOST) " at a time: the latest first, then again." } }
        ul {
            @for (name, value) in asked.query() { @if !value.is_empty() { li { (name) ": " code { (value) } } } }
        }
        form method="post" action=(page.path("/dead-letters/all")) {
            (token(&page.person))
            input type="hidden" name="act" value=(if discards { "discard" } else { "retry" });
            input type="hidden" name="total" value=(total);
            input type="hidden" name="part" value=(asked.reason);
            input type="hidden" name="source" value=(asked.source);
            input type="hidden" name="hours" value=(asked.hours);
            @if discards { (reason("reason-discard")) }
            button class=[discards.then_some("bad")] type="submit" { (title) " all " (total) }
            " " a href=(page.path("/dead-letters")) { "Do nothing" }
        }
    };
    Ok(page.show(title, &content))
}

/// Retries or discards all that fit, unless there are more than was said.
pub(crate) async fn settle(
    State(console): State<Console>,
    page: Page,
    posted: Posted,
) -> Result<Response, Failure> {
    let act = Act::read(&posted)?;
    let of = |name| posted.text(name).to_owned();
    let asked = Asked { reason: of("part"), source: of("source"), hours: of("hours"), ..Asked::default() };
    let filter = asked.filter(&page, console.now());
    let mut connection = console.parts.reads.acquire().await?;
    let queue = &console.parts.queue;
    let total = dead_letters::count(&mut connection, queue, &filter).await?;
    let said: i64 = posted.text("total").parse().unwrap_or_default();
    if total > said {
        return Err(Failure::Refused(format!(
            "There are {total} by now, not {said}: look again before you decide."
        )));
    }
    let letters = dead_letters::list(&mut connection, queue, &filter, MOST).await?;
    drop(connection);
    let ids: Vec<i64> = letters.iter().map(|letter| letter.id).collect();
    if ids.is_empty() {
        return Err(Failure::Refused("There is none any more.".to_owned()));
    }
    perform(&console, &page, &act, &ids).await?;
    Ok(done(&page.path("/dead-letters"), act.done()))
}
