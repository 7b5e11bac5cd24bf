//! Sends again what was sent before, what was given up, and what is parked. The id stays, so receivers that keep ids drop
//! what they have.

use crate::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, EndpointId};

/// What is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These.
    Ids(Vec<DeliveryId>),
    /// What was put on its way in a time.
    Range {
        /// At this time or later.
        from: DateTime<Utc>,
        /// Before this time.
        before: DateTime<Utc>,
    },
    /// Everything that failed or is parked.
    Failed,
}

/// The database's time, by which deliveries are dated.
///
/// # Errors
/// When the database fails.
pub async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>, StoreError> {
    Ok(sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(connection).await?)
}

/// Puts at most `limit` deliveries on their way again, the first ones first, and tells how many that were. Those that are on
/// their way already, or were put there at `asked_at` or later, are left alone: call it with the same time until it says 0.
///
/// # Errors
/// When the database fails.
pub async fn redeliver(
    connection: &mut PgConnection,
    endpoint: EndpointId,
    selection: &Selection,
    asked_at: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    let (ids, range) = match selection {
        Selection::Ids(ids) => (Some(ids.iter().map(|id| id.0).collect::<Vec<_>>()), None),
        Selection::Range { from, before } => (None, Some((*from, *before))),
        Selection::Failed => (None, None),
    };
    let is_failed = *selection == Selection::Failed;
    let done = sqlx::query!(
        "UPDATE webhook_deliveries
         SET status = 'pending', tries = 0, due_since = greatest(now(), $7), next_attempt_at = now(), lease = NULL
         WHERE id IN (
             SELECT id FROM webhook_deliveries
             WHERE endpoint_id = $1 AND status <> 'pending' AND due_since < $7
               AND ($2::BIGINT[] IS NULL OR id = ANY($2))
               AND ($3::TIMESTAMPTZ IS NULL OR created_at >= $3) AND ($4::TIMESTAMPTZ IS NULL OR created_at < $4)
               AND (NOT $5 OR status IN ('failed', 'parked'))
             ORDER BY sequence LIMIT $6
             FOR UPDATE SKIP LOCKED)",
        endpoint.0,
        ids.as_deref(),
        range.map(|(from, _)| from),
        range.map(|(_, before)| before),
        is_failed,
        limit,
        asked_at,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
