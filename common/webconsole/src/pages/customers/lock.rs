//! `POST /console/{project}/{mode}/customers/{id}/lock`

use super::show::{customer, keys};
use crate::{
    elements::done, failure::Failure, form::Posted, page::Page, pages::payments::decide::PATIENCE,
    state::Console,
};
use app::{
    completion::Completion,
    decisions::{self, LockTo},
};
use axum::{
    extract::{Path, State},
    response::Response,
};

/// Locks a customer to an affiliate or to nobody, or unlocks it.
pub(crate) async fn lock(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let customer = customer(&console, &page, id).await?;
    let audit = decisions::audit(&page.person.who.name, posted.text("reason"), console.now())?;
    let (project, mode) = (page.realm.project, page.realm.mode);
    let mut transaction = console.parts.writes.begin().await?;
    let found = decisions::find(&mut transaction, project, Some(mode), &keys(&customer)).await?;
    let found =
        found.ok_or_else(|| Failure::Refused("This customer has no name to lock it by.".to_owned()))?;
    let (decided, what) = match posted.text("act") {
        "lock" => {
            let named = posted.text("affiliate");
            let to = if named.is_empty() { LockTo::Nobody } else { LockTo::Affiliate(named) };
            (decisions::lock(&mut transaction, console.outbox(), found, to, audit).await?, "locked")
        }
        "unlock" => (decisions::unlock(&mut transaction, console.outbox(), found, audit).await?, "unlocked"),
        _ => return Err(Failure::Refused("Say what is decided: lock or unlock.".to_owned())),
    };
    transaction.commit().await?;
    let what = match console.parts.completions.wait(page.realm, decided.event, PATIENCE).await {
        Completion::Settled => what,
        Completion::Pending => "accepted",
    };
    Ok(done(&page.path(&format!("/customers/{id}")), what))
}
