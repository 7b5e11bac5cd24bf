//! `POST /console/{project}/{mode}/payments/{id}/decide`

use crate::{elements::done, failure::Failure, form::Posted, page::Page, state::Console};
use app::{completion::Completion, decisions};
use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::decision::Ruling;
use std::time::Duration;

/// So long it is waited for the workers, so that the page shows what came of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Holds, releases or rejects the commission of a payment.
pub(crate) async fn decide(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let (ruling, what) = match posted.text("ruling") {
        "hold" => (Ruling::Hold, "held"),
        "release" => (Ruling::Release, "released"),
        "reject" => (Ruling::Reject, "rejected"),
        _ => return Err(Failure::Refused("Say what is decided: hold, release or reject.".to_owned())),
    };
    let audit = decisions::audit(&page.person.who.name, posted.text("reason"), console.now())?;
    let (project, mode) = (page.realm.project, page.realm.mode);
    let mut transaction = console.parts.writes.begin().await?;
    let payment = decisions::payment(&mut transaction, project, Some(mode), &id.to_string()).await?;
    let payment = payment.ok_or_else(|| Failure::NotFound(format!("There is no payment {id}.")))?;
    let decided = decisions::rule(&mut transaction, console.outbox(), payment, ruling, audit).await?;
    transaction.commit().await?;
    let settled = console.parts.completions.wait(page.realm, decided.event, PATIENCE).await;
    let what = match settled {
        Completion::Settled => what,
        Completion::Pending => "accepted",
    };
    Ok(done(&page.path(&format!("/payments/{id}")), what))
}
