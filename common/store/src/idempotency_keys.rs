//! Answers kept for requests that are sent again with the same `Idempotency-Key`.

use super::{PgConnection, StoreError};
use chrono::{DateTime, TimeDelta, Utc};

/// How long an answer is kept: longer than the 24 hours that are promised.
pub const KEPT: TimeDelta = TimeDelta::hours(48);

/// What to do with a request that carries a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the first: run it, then [`complete`] or [`release`] it.
    Run,
    /// It ran: answer what it answered.
    Answered(Answer),
    /// It is running.
    Running,
    /// The key belongs to another request.
    Other,
}

/// A stored answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Claims a key for a request until `now + lock`.
pub async fn claim(
    connection: &mut PgConnection,
    api_key: i64,
    key: &str,
    request_sha256: [u8; 32],
    lock: TimeDelta,
) -> Result<Claim, StoreError> {
    // Either the row is new, or the same request left it without an answer and its lock has run out.
    let claimed = sqlx::query!(
        "INSERT INTO idempotency_keys AS k (api_key_id, key, request_sha256, locked_until)
         VALUES ($1, $2, $3, now() + $4)
         ON CONFLICT (api_key_id, key) DO UPDATE SET locked_until = excluded.locked_until
         WHERE k.response_status IS NULL AND k.locked_until < now()
           AND k.request_sha256 = excluded.request_sha256",
        api_key,
        key,
        request_sha256.as_slice(),
        interval(lock),
    )
    .execute(&mut *connection)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::Run);
    }
    let row = sqlx::query!(
        "SELECT request_sha256, response_status, response_location, response_body FROM idempotency_keys
         WHERE api_key_id = $1 AND key = $2",
        api_key,
        key,
    )
    .fetch_optional(connection)
    .await?;
    Ok(match row {
        // Released between the two statements.
        None => Claim::Running,
        Some(row) if row.request_sha256 != request_sha256.as_slice() => Claim::Other,
        Some(row) => match row.response_status.and_then(|status| u16::try_from(status).ok()) {
            None => Claim::Running,
            Some(status) => Claim::Answered(Answer {
                status,
                location: row.response_location,
                body: row.response_body.unwrap_or_default(),
            }),
        },
    })
}

/// Keeps the answer.
pub async fn complete(
    connection: &mut PgConnection,
    api_key: i64,
    key: &str,
    answer: &Answer,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE idempotency_keys SET response_status = $3, response_location = $4, response_body = $5
         WHERE api_key_id = $1 AND key = $2",
        api_key,
        key,
        i16::try_from(answer.status).unwrap_or(i16::MAX),
        answer.location,
        answer.body,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a request that failed through no fault of its own: it may be sent again.
pub async fn release(connection: &mut PgConnection, api_key: i64, key: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM idempotency_keys WHERE api_key_id = $1 AND key = $2 AND response_status IS NULL",
        api_key,
        key,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many are older than `before`.
pub async fn older(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM idempotency_keys WHERE created_at < $1"#,
        before,
    )
    .fetch_one(connection)
    .await?;
    Ok(count.unsigned_abs())
}

/// Forgets what is older than `before`, at most `limit` of them; returns how many.
pub async fn purge(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE (api_key_id, key) IN
             (SELECT api_key_id, key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
        before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

fn interval(time: TimeDelta) -> sqlx::postgres::types::PgInterval {
    sqlx::postgres::types::PgInterval {
        months: 0,
        days: 0,
        microseconds: time.num_microseconds().unwrap_or(i64::MAX),
    }
}
