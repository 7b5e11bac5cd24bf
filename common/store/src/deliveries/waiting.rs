//! What waits, for the metrics.

use crate::{PgConnection, StoreError};

/// What waits, of all projects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Deliveries that are to be sent.
    pub pending: i64,
    /// How long the oldest of them has been on its way, in seconds.
    pub oldest_seconds: i64,
    /// Deliveries that are kept until they are asked for.
    pub parked: i64,
}

/// Counts what waits.
///
/// # Errors
/// When the database fails.
pub async fn waiting(connection: &mut PgConnection) -> Result<Waiting, StoreError> {
    Ok(sqlx::query_as!(
        Waiting,
        r#"SELECT count(*) FILTER (WHERE status = 'pending') AS "pending!",
                  coalesce(extract(epoch FROM now() - min(due_since) FILTER (WHERE status = 'pending')), 0)::BIGINT
                      AS "oldest_seconds!",
                  count(*) FILTER (WHERE status = 'parked') AS "parked!"
           FROM webhook_deliveries WHERE status = 'pending' OR status IN ('failed', 'parked')"#,
    )
    .fetch_one(connection)
    .await?)
}
