//! `POST /console/{project}/{mode}/dead-letters/{id}`

use super::all::{Act, perform};
use crate::{elements::done, failure::Failure, form::Posted, page::Page, state::Console};
use axum::{
    extract::{Path, State},
    response::Response,
};

/// Retries or discards one.
pub(crate) async fn settle(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let act = Act::read(&posted)?;
    let queue = &console.parts.queue;
    app::dead_letters::find(&mut *console.parts.reads.acquire().await?, queue, page.realm, id).await?;
    perform(&console, &page, &act, &[id]).await?;
    Ok(done(&page.path("/dead-letters"), act.done()))
}
