//! Asking for the customers whom a changed mapping concerns to be judged again.

use crate::error::ApiError;
use crate::state::AppState;
use domain::ids::Realm;
use domain::mappings::Mappings;
use store::PgConnection;

/// Asks for it in the transaction that changes the mapping: neither goes without the other.
pub(crate) async fn ask(
    transaction: &mut PgConnection,
    state: &AppState,
    realm: Realm,
    mappings: &Mappings,
) -> Result<(), ApiError> {
    state.outbox().resettle(transaction, realm, mappings).await?;
    Ok(())
}
