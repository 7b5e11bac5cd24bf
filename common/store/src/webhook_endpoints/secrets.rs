//! What notifications are signed with.

use crate::{PgConnection, StoreError};
use domain::ids::{EndpointId, Realm};

/// How long the old secret goes on signing beside the new one.
pub const ROTATION_HOURS: i32 = 24;

/// The secrets that are valid now, the newest first, as they are stored.
///
/// # Errors
/// When the database fails.
pub async fn secrets(connection: &mut PgConnection, id: EndpointId) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT secret FROM webhook_endpoint_secrets
         WHERE endpoint_id = $1 AND (expires_at IS NULL OR expires_at > now()) ORDER BY id DESC",
        id.0,
    )
    .fetch_all(connection)
    .await?)
}

/// Lets a new secret sign, the one before it for [`ROTATION_HOURS`] more, and older ones no longer: there are two at the most.
/// `false` when there is no such endpoint.
///
/// # Errors
/// When the database fails.
pub async fn replace_secret(
    connection: &mut PgConnection,
    realm: Realm,
    id: EndpointId,
    secret: &str,
) -> Result<bool, StoreError> {
    let locked = sqlx::query_scalar!(
        "SELECT id FROM webhook_endpoints WHERE id = $3 AND project_id = $1 AND livemode = $2 FOR NO KEY UPDATE",
        realm.project.0,
        realm.mode.is_live(),
        id.0,
    );
    if locked.fetch_optional(&mut *connection).await?.is_none() {
        return Ok(false);
    }
    sqlx::query!(
        "DELETE FROM webhook_endpoint_secrets WHERE endpoint_id = $1 AND expires_at IS NOT NULL",
        id.0
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE webhook_endpoint_secrets SET expires_at = now() + make_interval(hours => $2) WHERE endpoint_id = $1",
        id.0,
        ROTATION_HOURS,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("INSERT INTO webhook_endpoint_secrets (endpoint_id, secret) VALUES ($1, $2)", id.0, secret)
        .execute(connection)
        .await?;
    Ok(true)
}
