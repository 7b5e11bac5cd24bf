//! `POST /console/{project}/{mode}/payouts/{id}/cancel`

use crate::{elements::done, failure::Failure, form::Posted, page::Page, state::Console};
use app::payouts;
use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::ids::PayoutId;

/// Gives a payout up before its money left.
pub(crate) async fn cancel(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let id = PayoutId(id);
    payouts::find(&mut *console.parts.reads.acquire().await?, page.realm, id).await?;
    let reason = posted.text("reason");
    if reason.is_empty() {
        return Err(Failure::Refused("Say why it is canceled.".to_owned()));
    }
    payouts::cancel(&console.parts.writes, id, reason, &page.person.who.name, console.now()).await?;
    Ok(done(&page.path(&format!("/payouts/{id}")), "canceled"))
}
