//! The statement that takes messages.

use super::Claimed;
use crate::{
    Delivery, Prefix,
    backoff::chain,
    delivery::Receipt,
    envelope::{Envelope, Headers},
    postgres::Lease,
    settle::Burial,
};
use sqlx::PgPool;
use std::time::Duration;

/// Leases up to `max` due rows.
///
/// A row of which this consumer still holds an older delivery is left out: were it delivered again
/// under the same lease, the old answer would be taken for the new one's.
pub(super) async fn claim(
    pool: &PgPool,
    queue: &Prefix,
    lease: &Lease,
    length: Duration,
    max: usize,
) -> Result<Claimed, sqlx::Error> {
    // Rows that another worker claims at this moment are locked, and skipped. A row whose lease
    // ended was in the hands of a worker that died or stalled: that delivery counts as failed.
    let rows = sqlx::query!(
        r#"WITH due AS (
             SELECT id, lease IS NOT NULL AS expired
             FROM queue_messages
             WHERE queue = $1 AND run_at <= now() AND (leased_until IS NULL OR leased_until <= now()) AND id <> ALL($5)
             ORDER BY run_at, id
             LIMIT $2
             FOR UPDATE SKIP LOCKED
         )
         UPDATE queue_messages AS message
         SET lease = $3,
             leased_until = now() + make_interval(secs => $4),
             attempt = attempt + CASE WHEN due.expired THEN 1 ELSE 0 END
         FROM due
         WHERE message.id = due.id
         RETURNING message.id, message.headers, message.body, message.attempt"#,
        queue.as_str(),
        i64::try_from(max).unwrap_or(i64::MAX),
        lease.name,
        length.as_secs_f64(),
        &lease.held(),
    )
    .fetch_all(pool)
    .await?;
    let mut claimed = Claimed { more: rows.len() >= max, deliveries: Vec::new(), unreadable: Vec::new() };
    for row in rows {
        let receipt = Receipt::Database(lease.hold(row.id));
        let attempt = u32::try_from(row.attempt).unwrap_or(0);
        match Headers::from_json(row.headers.clone()) {
            Ok(headers) => claimed.deliveries.push(Delivery {
                envelope: Envelope { headers, body: row.body.into() },
                attempt,
                redelivered: attempt > 0,
                receipt,
            }),
            Err(error) => claimed.unreadable.push(Burial {
                headers: row.headers,
                body: row.body.into(),
                attempts: attempt.saturating_add(1),
                reason: chain(&error),
                receipt,
            }),
        }
    }
    Ok(claimed)
}
