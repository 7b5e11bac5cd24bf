//! What API keys have used of their limit, shared by the API processes.

use super::{PgConnection, StoreError};
use std::time::Duration;

/// What a process has to say of a key, and gets to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The key.
    pub key: i64,
    /// Time that its requests cost: one share of the window each.
    pub spent: Duration,
}

/// Adds what a process let through, and returns what stands for each of the keys: how long until all is
/// given back. No key stands for more than `most`.
///
/// One statement for any number of keys; a key that spent nothing is only read.
///
/// # Errors
/// [`StoreError`]
pub async fn exchange(
    connection: &mut PgConnection,
    reported: &[Usage],
    most: Duration,
) -> Result<Vec<Usage>, StoreError> {
    let keys: Vec<i64> = reported.iter().map(|usage| usage.key).collect();
    let spent: Vec<i64> = reported.iter().map(|usage| micros(usage.spent)).collect();
    // In order of the keys, so that two processes do not wait for each other. A key that is not there any
    // more has nothing to add.
    let rows = sqlx::query!(
        r#"WITH reported AS (
             SELECT r.key, r.spent * INTERVAL '1 microsecond' AS spent
             FROM UNNEST($1::BIGINT[], $2::BIGINT[]) AS r (key, spent)
         ), added AS (
             INSERT INTO api_key_usage AS u (api_key_id, spent_until)
             SELECT r.key, now() + least(r.spent, $3::BIGINT * INTERVAL '1 microsecond')
             FROM reported r JOIN api_keys k ON k.id = r.key
             WHERE r.spent > INTERVAL '0'
             ORDER BY r.key
             ON CONFLICT (api_key_id) DO UPDATE
             SET spent_until = least(
                 greatest(u.spent_until, now()) + (excluded.spent_until - now()),
                 now() + $3::BIGINT * INTERVAL '1 microsecond'
             )
             RETURNING api_key_id, spent_until
         ), standing AS (
             SELECT api_key_id, spent_until FROM added
             UNION ALL
             SELECT u.api_key_id, u.spent_until
             FROM reported r JOIN api_key_usage u ON u.api_key_id = r.key
             WHERE r.spent = INTERVAL '0'
         )
         SELECT api_key_id AS "key!",
                greatest(extract(epoch FROM spent_until - now()) * 1000000, 0)::BIGINT AS "spent!"
         FROM standing"#,
        &keys,
        &spent,
        micros(most),
    )
    .fetch_all(connection)
    .await?;
    let usage = rows.into_iter().map(|row| Usage {
        key: row.key,
        spent: Duration::from_micros(u64::try_from(row.spent).unwrap_or_default()),
    });
    Ok(usage.collect())
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
