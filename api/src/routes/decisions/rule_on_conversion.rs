//! Deciding on a conversion, and answering with what came of it.

use super::{reason, word};
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Fields;
use crate::prefer;
use crate::routes::conversions::{find, unknown};
use crate::state::AppState;
use app::completion::Completion;
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
    let word = word(state, caller, &reason).await?;
    let (realm, id) = (caller.realm, ConversionId(id));
    let mut transaction = state.pool.begin().await?;
    let payment =
        app::decisions::payment(&mut transaction, realm.project, Some(realm.mode), &id.to_string()).await?;
    let payment = payment.ok_or_else(|| unknown(id))?;
    let decided = app::decisions::rule(&mut transaction, state.outbox(), payment, ruling, word).await?;
    transaction.commit().await?;
    let status = match state.completions.wait(realm, decided.event, prefer::wait(headers)).await {
        Completion::Settled => StatusCode::OK,
        Completion::Pending => StatusCode::ACCEPTED,
    };
    Ok(json(status, &Data::warned(find(state, realm, id).await?, warnings)))
}
