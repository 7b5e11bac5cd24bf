//! Locking or unlocking a referral, and answering with what came of it.

use super::audit;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::completion;
use crate::error::ApiError;
use crate::input::Warnings;
use crate::routes::referrals::find;
use crate::state::AppState;
use app::decisions::{self, LockTo};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::key::Key;

/// What is decided of a customer.
pub(super) struct Lock<'a> {
    /// Its address, as the path has it.
    pub(super) email: &'a str,
    /// Whom to; `None` unlocks it.
    pub(super) to: Option<LockTo<'a>>,
    pub(super) reason: String,
    pub(super) warnings: Warnings,
}

/// Keeps the decision, waits for it as long as the caller likes, and shows the referral.
pub(super) async fn decide(
    state: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    lock: Lock<'_>,
) -> Result<Response, ApiError> {
    let realm = caller.realm;
    find(&mut *state.pool.acquire().await?, realm, lock.email).await?;
    let unknown = || ApiError::NotFound(format!("There is no referral {}", lock.email.trim()));
    // Everybody who has the address, as the command line does.
    let customer = (realm, Key::email(lock.email).ok_or_else(unknown)?);
    let audit = audit(state, caller, &lock.reason).await?;
    let mut transaction = state.pool.begin().await?;
    let decided = match lock.to {
        Some(to) => decisions::lock(&mut transaction, state.outbox(), customer, to, audit).await?,
        None => decisions::unlock(&mut transaction, state.outbox(), customer, audit).await?,
    };
    transaction.commit().await?;
    let completion = completion::wait(state, realm, headers, Some(decided.event)).await;
    let status = completion::status(completion, StatusCode::OK);
    let referral = find(&mut *state.pool.acquire().await?, realm, lock.email).await?;
    Ok(json(status, &Data::warned(referral, lock.warnings)))
}
