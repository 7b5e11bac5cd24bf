//! What API keys have used of their limit, shared by the API processes.

use super::{PgConnection, StoreError};
use std::time::Duration;

/// What a process has to say of a key's window, or gets to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The key.
    pub key: i64,
    /// Requests that were let through: those not yet reported, or those of all processes.
    pub used: u32,
    /// Until the window ends.
    pub left: Duration,
}

/// Adds what a process let through, and returns what all of them let through of each key's window. A window
/// that another process began earlier goes on; without one, the reported one begins.
///
/// One statement for any number of keys; a key that used nothing is only read.
///
/// # Errors
/// [`StoreError`]
pub async fn exchange(connection: &mut PgConnection, reported: &[Usage]) -> Result<Vec<Usage>, StoreError> {
    let keys: Vec<i64> = reported.iter().map(|usage| usage.key).collect();
    let used: Vec<i64> = reported.iter().map(|usage| usage.used.into()).collect();
    let left: Vec<i64> = reported.iter().map(|usage| micros(usage.left)).collect();
    // In order of the keys, so that two processes do not wait for each other in a circle. A key that is not
    // there any more has nothing to add.
    let rows = sqlx::query!(
        r#"WITH reported AS (
             SELECT r.key, r.used, now() + r.remaining * INTERVAL '1 microsecond' AS window_ends
             FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BIGINT[]) AS r (key, used, remaining)
         ), added AS (
             INSERT INTO api_key_usage AS u (api_key_id, used, window_ends)
             SELECT r.key, r.used, r.window_ends
             FROM reported r JOIN api_keys k ON k.id = r.key
             WHERE r.used > 0
             ORDER BY r.key
             ON CONFLICT (api_key_id) DO UPDATE
             SET used = excluded.used + CASE WHEN u.window_ends > now() THEN u.used ELSE 0 END,
                 window_ends = CASE WHEN u.window_ends > now() THEN u.window_ends ELSE excluded.window_ends END
             RETURNING api_key_id, used, window_ends
         ), standing AS (
             SELECT api_key_id, used, window_ends FROM added
             UNION ALL
             SELECT u.api_key_id, u.used, u.window_ends
             FROM reported r JOIN api_key_usage u ON u.api_key_id = r.key
             WHERE r.used = 0 AND u.window_ends > now()
         )
         SELECT api_key_id AS "key!", used AS "used!",
                (extract(epoch FROM window_ends - now()) * 1000000)::BIGINT AS "left!"
         FROM standing"#,
        &keys,
        &used,
        &left,
    )
    .fetch_all(connection)
    .await?;
    let usage = rows.into_iter().map(|row| Usage {
        key: row.key,
        used: u32::try_from(row.used).unwrap_or(u32::MAX),
        left: Duration::from_micros(u64::try_from(row.left).unwrap_or_default()),
    });
    Ok(usage.collect())
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
