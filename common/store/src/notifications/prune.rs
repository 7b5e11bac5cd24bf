//! Retention: tries are kept 30 days, bodies and deliveries 90.

use crate::{PgConnection, StoreError};

/// Rows of one round and kind.
const ROUND: i64 = 5_000;

/// What a round deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// Tries.
    pub attempts: u64,
    /// Deliveries, parked ones among them.
    pub deliveries: u64,
    /// Notifications.
    pub notifications: u64,
}

impl Pruned {
    /// Adds another round.
    pub fn add(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.deliveries += other.deliveries;
        self.notifications += other.notifications;
    }

    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What rounds of [`prune`] would delete, now.
///
/// # Errors
/// When the database fails.
pub async fn outlived(connection: &mut PgConnection) -> Result<Pruned, StoreError> {
    let row = sqlx::query!(
        r#"SELECT
             (SELECT count(*) FROM webhook_attempts WHERE attempted_at < now() - INTERVAL '30 days') AS "attempts!",
             (SELECT count(*) FROM webhook_deliveries WHERE created_at < now() - INTERVAL '90 days') AS "deliveries!",
             (SELECT count(*) FROM notifications n
              WHERE n.created_at < now() - INTERVAL '90 days' AND n.sequence IS NOT NULL
                AND NOT EXISTS (SELECT FROM webhook_deliveries d
                                WHERE d.notification_id = n.id AND d.created_at >= now() - INTERVAL '90 days'))
               AS "notifications!""#,
    )
    .fetch_one(connection)
    .await?;
    Ok(Pruned {
        attempts: row.attempts.unsigned_abs(),
        deliveries: row.deliveries.unsigned_abs(),
        notifications: row.notifications.unsigned_abs(),
    })
}

/// Deletes what is older than its retention, some thousands of rows. The numbers of the sequence stay as they are.
///
/// # Errors
/// When the database fails.
pub async fn prune(connection: &mut PgConnection) -> Result<Pruned, StoreError> {
    let attempts = sqlx::query!(
        "DELETE FROM webhook_attempts WHERE id IN (
             SELECT id FROM webhook_attempts WHERE attempted_at < now() - INTERVAL '30 days' LIMIT $1)",
        ROUND,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let deliveries = sqlx::query!(
        "DELETE FROM webhook_deliveries WHERE id IN (
             SELECT d.id FROM webhook_endpoints e
             CROSS JOIN LATERAL (
                 SELECT id, created_at FROM webhook_deliveries WHERE endpoint_id = e.id
                 ORDER BY notification_id LIMIT $1
             ) d
             WHERE d.created_at < now() - INTERVAL '90 days' LIMIT $1)",
        ROUND,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let notifications = sqlx::query!(
        "DELETE FROM notifications WHERE id IN (
             SELECT n.id FROM notifications n
             WHERE n.created_at < now() - INTERVAL '90 days' AND n.sequence IS NOT NULL
               AND NOT EXISTS (SELECT FROM webhook_endpoints e JOIN webhook_deliveries d ON d.endpoint_id = e.id
                               WHERE d.notification_id = n.id)
             LIMIT $1)",
        ROUND,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(Pruned { attempts, deliveries, notifications })
}
