//! Waiting for the workers, and the status that says whether they are done.

use crate::prefer;
use crate::state::AppState;
use app::completion::Completion;
use axum::http::{HeaderMap, StatusCode};
use domain::ids::Realm;

/// Waits for what was put on the queue as long as the caller prefers; for nothing, when there is no event.
pub(crate) async fn wait(
    state: &AppState,
    realm: Realm,
    headers: &HeaderMap,
    event: Option<String>,
) -> Completion {
    match event {
        Some(event) => state.completions.wait(realm, event, prefer::wait(headers)).await,
        None => Completion::Settled,
    }
}

/// `done`, or 202 when a worker has yet to settle it.
pub(crate) fn status(completion: Completion, done: StatusCode) -> StatusCode {
    match completion {
        Completion::Settled => done,
        Completion::Pending => StatusCode::ACCEPTED,
    }
}
