//! `POST /console/{project}/{mode}/rules`

use super::read;
use crate::{elements::done, failure::Failure, form::Posted, page::Page, state::Console};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use store::acts::{self, Act};

/// Writes the next version of the programme's rules.
pub(crate) async fn change(
    State(console): State<Console>,
    page: Page,
    posted: Posted,
) -> Result<Response, Failure> {
    let rules = read(posted.raw("rules"))?;
    let from = Some(posted.text("from")).filter(|text| !text.is_empty());
    let from: Option<DateTime<Utc>> = from
        .map(|text| {
            let refused = |_| Failure::Refused(format!("{text:?} is no time: write 2026-07-01T00:00:00Z."));
            DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).map_err(refused)
        })
        .transpose()?;
    let mut transaction = console.parts.writes.begin().await?;
    let project = page.realm.project;
    let changed = app::rules::change(&mut transaction, console.outbox(), project, &rules, from).await?;
    let Some(changed) = changed else {
        return Err(Failure::Refused("These are the rules already.".to_owned()));
    };
    let act = Act {
        at: console.now(),
        actor: &page.person.who.name,
        user: Some(page.person.who.user),
        realm: Some(page.realm),
        what: "rules changed",
        subject: &format!("version {}", changed.version.number),
        detail: None,
    };
    acts::record(&mut transaction, act).await?;
    transaction.commit().await?;
    Ok(done(&page.path("/rules"), "ruled"))
}
