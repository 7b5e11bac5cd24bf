//! What people decide: `/api/v1/decisions`, `/api/v1/conversions/{id}/hold` and so on, `/api/v1/referrals/{email}/lock` and `/unlock`

mod lock_customer;
mod object;
mod rule_on_conversion;

pub(super) mod hold;
pub(super) mod list;
pub(super) mod lock;
pub(super) mod reject;
pub(super) mod release;
pub(super) mod unlock;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, MAX_REASON, Warnings};
use crate::openapi::values::Reason;
use crate::state::AppState;
use domain::decision::Audit;
use utoipa::ToSchema;

/// Why it is decided.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; reason reads it")]
pub(crate) struct PostDecision {
    /// For whoever asks later.
    reason: Reason,
}

fn reason(mut fields: Fields) -> Result<(String, Warnings), ApiError> {
    let reason = fields.text("reason", MAX_REASON);
    let reason = fields.required("reason", reason).unwrap_or_default();
    Ok((reason, fields.finish()?))
}

/// The decision as its record names it: by the caller's key, now.
async fn audit(state: &AppState, caller: Caller, reason: &str) -> Result<Audit, ApiError> {
    let actor = app::keys::actor(&mut *state.pool.acquire().await?, caller.key).await?;
    Ok(app::decisions::audit(&actor, reason, state.clock.now())?)
}
