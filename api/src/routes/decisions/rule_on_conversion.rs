//! Deciding on a conversion, and answering with what came of it.

use super::{audit, reason};
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::completion;
use crate::error::ApiError;
use crate::input::Fields;
use crate::routes::conversions::find;
use crate::state::AppState;
use app::conversions::unknown;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::decision::Ruling;
use domain::ids::ConversionId;

/// Keeps the decision, waits for it as long as the caller likes, and shows the conversion.
pub(super) async fn rule(
    state: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    id: i64,
    ruling: Ruling,
    fields: Fields,
) -> Result<Response, ApiError> {
    let (reason, warnings) = reason(fields)?;
    let audit = audit(state, caller, &reason).await?;
    let (realm, id) = (caller.realm, ConversionId(id));
    let mut transaction = state.pool.begin().await?;
    let payment =
        app::decisions::payment(&mut transaction, realm.project, Some(realm.mode), &id.to_string()).await?;
    let payment = payment.ok_or_else(|| unknown(id))?;
    let decided = app::decisions::rule(&mut transaction, state.outbox(), payment, ruling, audit).await?;
    transaction.commit().await?;
    let completion = completion::wait(state, realm, headers, Some(decided.event)).await;
    let status = completion::status(completion, StatusCode::OK);
    Ok(json(status, &Data::warned(find(state, realm, id).await?, warnings)))
}
