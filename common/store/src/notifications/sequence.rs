//! Gives notifications their place in the sequence.
//!
//! Numbers of a database's own sequence have gaps and do not follow the commits. So one process at a time, whoever has the
//! lock, looks at what is committed and counts on. What commits later is seen later and gets a greater number; of what is seen
//! at once, what was written earlier gets the smaller one. Two transactions that touch one object lock it, so the second writes
//! after the first has committed: its number is the greater in either case.

use crate::{PgConnection, StoreError};

/// Notifications of one round: with fifty endpoints, some 25,000 deliveries.
const ROUND: i64 = 500;

/// What a round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequenced {
    /// Another process is at it.
    Busy,
    /// What was committed has its place, as far as one round goes.
    Numbered {
        /// How many got it.
        notifications: i64,
        /// How many are on their way.
        deliveries: i64,
        /// Whether there may be more. What commits later is told by its own word on the channel.
        more: bool,
    },
}

/// One round: numbers what is committed, and puts it on its way to every endpoint that wants it. In a transaction of the
/// caller's; what it numbered is fixed when that commits.
///
/// # Errors
/// When the database fails.
pub async fn give_sequence(connection: &mut PgConnection) -> Result<Sequenced, StoreError> {
    // A statement of its own: the next one sees everything that was committed before the lock was had.
    let lock = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('sequence of notifications', 0)) AS "lock!""#
    );
    if !lock.fetch_one(&mut *connection).await? {
        return Ok(Sequenced::Busy);
    }
    let round = sqlx::query!(
        r#"
        WITH fresh AS (
            SELECT id, project_id, livemode,
                   row_number() OVER (PARTITION BY project_id, livemode ORDER BY id) AS place
            FROM (SELECT id, project_id, livemode FROM notifications WHERE sequence IS NULL ORDER BY id LIMIT $1) f
        ), counted AS (
            INSERT INTO notification_sequences AS s (project_id, livemode, last_sequence)
            SELECT project_id, livemode, count(*) FROM fresh GROUP BY project_id, livemode
            ORDER BY project_id, livemode
            ON CONFLICT (project_id, livemode) DO UPDATE SET last_sequence = s.last_sequence + excluded.last_sequence
            RETURNING project_id, livemode, last_sequence
        ), numbered AS (
            UPDATE notifications n
            SET sequence = c.last_sequence - t.total + f.place
            FROM fresh f
            JOIN counted c ON (c.project_id, c.livemode) = (f.project_id, f.livemode)
            JOIN (SELECT project_id, livemode, count(*) AS total FROM fresh GROUP BY project_id, livemode) t
                ON (t.project_id, t.livemode) = (f.project_id, f.livemode)
            WHERE n.id = f.id
            RETURNING n.id, n.project_id, n.livemode, n.sequence, n.event
        ), sent AS (
            INSERT INTO webhook_deliveries (endpoint_id, notification_id, sequence, event, status, due_since,
                                            next_attempt_at, created_at)
            SELECT e.id, n.id, n.sequence, n.event, CASE e.status WHEN 'active' THEN 'pending' ELSE 'parked' END,
                   now(), now(), now()
            FROM numbered n
            JOIN webhook_endpoints e ON (e.project_id, e.livemode) = (n.project_id, n.livemode)
            WHERE e.events && ARRAY['*', n.event]
            ORDER BY n.sequence, e.id
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM numbered) AS "notifications!", (SELECT count(*) FROM sent) AS "deliveries!"
        "#,
        ROUND,
    )
    .fetch_one(connection)
    .await?;
    let (notifications, deliveries) = (round.notifications, round.deliveries);
    Ok(Sequenced::Numbered { notifications, deliveries, more: notifications >= ROUND })
}
