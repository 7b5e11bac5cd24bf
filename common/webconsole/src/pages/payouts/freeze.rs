//! `POST /console/{project}/{mode}/payouts`

use super::Asked;
use crate::{failure::Failure, form::Posted, page::Page, state::Console};
use app::payouts::NewPayouts;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

/// Makes payouts from what is due.
pub(crate) async fn freeze(
    State(console): State<Console>,
    page: Page,
    posted: Posted,
) -> Result<Response, Failure> {
    let of = |name| posted.text(name).to_owned();
    let asked = Asked {
        as_of: of("as_of"),
        minimum: of("minimum"),
        currency: of("currency"),
        affiliate: of("affiliate"),
    };
    let key = posted.text("key");
    if key.is_empty() {
        return Err(Failure::Refused("Give the run a name, as 2026-06.".to_owned()));
    }
    let read = asked.read(&console, &page).await?;
    let new = NewPayouts { key, wanted: read.wanted(), actor: &page.person.who.name };
    let created = app::payouts::create(&console.parts.writes, page.realm, new, console.now()).await?;
    let what = if created.is_new { "frozen" } else { "repeated" };
    let to = page.path(&format!("/payouts?batch={}&done={what}", created.batch));
    Ok(Redirect::to(&to).into_response())
}
