//! Asking for the customers whom a changed mapping concerns to be judged again.

use crate::error::ApiError;
use crate::state::AppState;
use domain::ids::Realm;
use domain::mappings::Mappings;
use queue::enqueue;
use queue::envelope::{Envelope, Source};
use store::PgConnection;

/// Asks for it in the transaction that changes the mapping: neither goes without the other.
pub(crate) async fn ask(
    transaction: &mut PgConnection,
    state: &AppState,
    realm: Realm,
    mappings: &Mappings,
) -> Result<(), ApiError> {
    if mappings.is_empty() {
        return Ok(());
    }
    let body = serde_json::to_vec(mappings).map_err(ApiError::internal)?;
    let envelope = Envelope::new(Source::Resettle, realm, body.into(), state.clock.now());
    enqueue(transaction, state.publisher.prefix(), &envelope).await?;
    Ok(())
}
