//! Endpoints that are disabled, and enabled again. What they miss is parked, never dropped.

use super::{Endpoint, find, object};
use crate::notifications::{Cause, NewNotification, write};
use crate::{PgConnection, StoreError, realm};
use domain::ids::{EndpointId, Realm};
use domain::notification::Event;

/// Deliveries that are parked in one round.
const ROUND: i64 = 5_000;

/// Sends nothing more to an endpoint, and notifies the project's others of it. `false` when it was not active.
///
/// # Errors
/// When the database fails.
pub async fn disable(
    connection: &mut PgConnection,
    id: EndpointId,
    reason: &str,
) -> Result<bool, StoreError> {
    let row = sqlx::query!(
        "UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = $2 WHERE id = $1 AND status = 'active'
         RETURNING project_id, livemode",
        id.0,
        reason,
    );
    let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(false) };
    let realm = realm(row.project_id, row.livemode);
    park_strays(&mut *connection).await?;
    let Some(endpoint) = find(&mut *connection, realm, id).await? else { return Ok(false) };
    let notification = NewNotification {
        realm,
        event: Event::EndpointDisabled,
        referrer: None,
        referred: None,
        data: object::json(&endpoint)?,
        delta: None,
        cause: Cause { reason: Some(reason.to_owned()), ..Cause::default() },
        ledger_entry: None,
    };
    write(connection, &[notification]).await?;
    Ok(true)
}

/// Sends to an endpoint again; `None` when there is none. What is parked stays so until it is asked for.
///
/// # Errors
/// When the database fails.
pub async fn enable(
    connection: &mut PgConnection,
    realm: Realm,
    id: EndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    sqlx::query!(
        "UPDATE webhook_endpoints
         SET status = 'active', disabled_reason = NULL, failing_since = NULL, failures = 0
         WHERE id = $3 AND project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
        id.0,
    )
    .execute(&mut *connection)
    .await?;
    find(connection, realm, id).await
}

/// Parks what is pending for endpoints that were disabled, some thousands at a time, and tells how many that were. What is in
/// somebody's hand is theirs until its lease ends: it may have arrived, and would be sent again.
///
/// # Errors
/// When the database fails.
pub async fn park_strays(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let parked = sqlx::query!(
        "UPDATE webhook_deliveries SET status = 'parked', lease = NULL
         WHERE id IN (
             SELECT d.id FROM webhook_endpoints e
             CROSS JOIN LATERAL (
                 SELECT id FROM webhook_deliveries
                 WHERE endpoint_id = e.id AND status = 'pending' AND (lease IS NULL OR next_attempt_at <= now())
                 LIMIT $1 FOR UPDATE SKIP LOCKED
             ) d
             WHERE e.status = 'disabled'
             LIMIT $1)",
        ROUND,
    );
    Ok(parked.execute(connection).await?.rows_affected())
}
