//! An affiliate as a person names it.

use crate::{PgConnection, StoreError};
use domain::email;
use domain::ids::{AffiliateId, Realm};

/// The affiliate with this number or address, and the address; also one that was closed. Where
/// several had an address, the one that has it now, else the last.
pub async fn by_name(
    connection: &mut PgConnection,
    realm: Realm,
    name: &str,
) -> Result<Option<(AffiliateId, String)>, StoreError> {
    let found = sqlx::query!(
        "SELECT id, user_email FROM affiliates
         WHERE project_id = $1 AND livemode = $2 AND (id = $3 OR email_normalised = $4)
         ORDER BY closed_at DESC NULLS FIRST LIMIT 1",
        realm.project.0,
        realm.mode.is_live(),
        name.trim().parse::<i64>().ok(),
        email::normalise(name),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| (AffiliateId(row.id), row.user_email)))
}
