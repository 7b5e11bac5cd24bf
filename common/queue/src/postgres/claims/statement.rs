//! The statement that takes messages.

use super::Claimed;
use crate::{
    Delivery, Prefix,
    acknowledge::DeadLetterRow,
    backoff::chain,
    envelope::{Envelope, Headers},
    receipt::{Lease, Receipt},
};
use sqlx::PgConnection;
use std::time::Duration;

/// What one claim takes at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub(super) rows: usize,
    /// Of their bodies together; one row is taken however large it is.
    pub(super) bytes: usize,
}

/// Leases due rows.
///
/// A row of which this consumer still holds an older delivery is left out: were it delivered again
/// under the same lease, the old answer would be taken for the new one's.
pub(super) async fn claim(
    connection: &mut PgConnection,
    queue: &Prefix,
    lease: &Lease,
    length: Duration,
    most: Most,
) -> Result<Claimed, sqlx::Error> {
    // Rows that another worker claims at this moment are locked, and skipped. A row whose lease
    // ended was in the hands of a worker that died or stalled: that delivery counts as failed.
    //
    // What is taken is updated by a list of ids and not by a join: a vacuum that finds the table empty leaves statistics of no
    // rows at all, whatever comes after it, and by those a join may read the whole table for each of the rows that it takes.
    let rows = sqlx::query!(
        r#"WITH due AS (
             SELECT id, run_at, octet_length(body) AS bytes
             FROM queue_messages
             WHERE queue = $1 AND run_at <= now() AND (leased_until IS NULL OR leased_until <= now()) AND id <> ALL($5)
             ORDER BY run_at
             LIMIT $2
             FOR UPDATE SKIP LOCKED
         ), taken AS (
             SELECT id FROM (
                 SELECT id, row_number() OVER earlier AS place, sum(bytes) OVER earlier AS bytes
                 FROM due WINDOW earlier AS (ORDER BY run_at, id)
             ) AS summed WHERE place = 1 OR bytes <= $6
         )
         UPDATE queue_messages AS message
         SET lease = $3,
             leased_until = now() + make_interval(secs => $4),
             attempt = attempt + CASE WHEN lease IS NULL THEN 0 ELSE 1 END
         WHERE id = ANY(ARRAY(SELECT id FROM taken))
         RETURNING message.id, message.headers, message.body, message.attempt"#,
        queue.as_str(),
        i64::try_from(most.rows).unwrap_or(i64::MAX),
        lease.name,
        length.as_secs_f64(),
        &lease.held(),
        i64::try_from(most.bytes).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    let bytes: usize = rows.iter().map(|row| row.body.len()).sum();
    // Less than half of the bytes, and one more message would have fit, or is large and waits for the next look.
    let more = rows.len() >= most.rows || bytes >= most.bytes / 2;
    let mut claimed = Claimed { more, deliveries: Vec::new(), unreadable: Vec::new() };
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
            Err(error) => claimed.unreadable.push(DeadLetterRow {
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
