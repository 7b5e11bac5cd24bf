//! Writes down how tries went.

use super::claim::Leased;
use crate::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, EndpointId};
use sqlx::types::Uuid;
use std::collections::BTreeMap;
use std::time::Duration;

/// How a try ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The delivery.
    pub id: DeliveryId,
    /// Where it went.
    pub endpoint: EndpointId,
    /// The claim that it was in.
    pub lease: Uuid,
    /// What becomes of it.
    pub after: After,
    /// When the try began.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub duration: Duration,
    /// What was answered.
    pub status_code: Option<u16>,
    /// What went wrong, in words; `None` for a success.
    pub error: Option<String>,
    /// The start of the answer.
    pub answer: Option<String>,
}

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It has arrived.
    Delivered,
    /// It is sent again.
    Again {
        /// After this time.
        pause: Duration,
        /// Whether the schedule goes on.
        counts: bool,
    },
    /// It is given up.
    Failed,
}

/// An endpoint that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Which.
    pub endpoint: EndpointId,
    /// Since when.
    pub failing_since: DateTime<Utc>,
    /// How often.
    pub failures: i32,
    /// For how long.
    pub failing_for: Duration,
}

/// Writes down how tries went, and tells which of their endpoints fail. What is in another claim by now is left alone, for
/// that one has the last word. In a transaction of the caller's.
///
/// # Errors
/// When the database fails.
pub async fn finish(connection: &mut PgConnection, finished: &[Finished]) -> Result<Vec<Health>, StoreError> {
    // Endpoints first, as whoever claims locks them first.
    let health = judge(&mut *connection, finished).await?;
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let status = |after| match after {
        After::Delivered => "delivered".to_owned(),
        After::Again { .. } => "pending".to_owned(),
        After::Failed => "failed".to_owned(),
    };
    let pause = |after| match after {
        After::Again { pause, .. } => millis(pause),
        After::Delivered | After::Failed => 0,
    };
    sqlx::query!(
        r#"
        WITH tried AS (
            SELECT * FROM UNNEST($1::BIGINT[], $2::UUID[], $3::TEXT[], $4::BIGINT[], $5::INTEGER[], $6::TIMESTAMPTZ[],
                                 $7::BIGINT[], $8::SMALLINT[], $9::TEXT[], $10::TEXT[])
                AS t (id, lease, status, pause_ms, counts, attempted_at, duration_ms, status_code, error, answer)
        ), written AS (
            UPDATE webhook_deliveries d
            SET status = t.status, tries = d.tries + t.counts, lease = NULL,
                next_attempt_at = now() + t.pause_ms * INTERVAL '1 millisecond'
            FROM tried t
            WHERE d.id = t.id AND d.lease = t.lease AND d.status = 'pending'
        )
        INSERT INTO webhook_attempts (delivery_id, attempted_at, status_code, error, duration_ms, answer)
        SELECT t.id, t.attempted_at, t.status_code, t.error, least(t.duration_ms, 2147483647)::INTEGER, t.answer
        FROM tried t
        -- Its endpoint may have been deleted meanwhile.
        WHERE EXISTS (SELECT FROM webhook_deliveries d WHERE d.id = t.id)
        "#,
        &column(finished, |it| it.id.0),
        &column(finished, |it| it.lease),
        &column(finished, |it| status(it.after)),
        &column(finished, |it| pause(it.after)),
        &column(finished, |it| i32::from(!matches!(it.after, After::Delivered | After::Again { counts: false, .. }))),
        &column(finished, |it| it.at),
        &column(finished, |it| millis(it.duration)),
        &column(finished, |it| it.status_code.and_then(|code| i16::try_from(code).ok())) as &[Option<i16>],
        &column(finished, |it| it.error.clone()) as &[Option<String>],
        &column(finished, |it| it.answer.clone()) as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(health)
}

/// Counts failures, and forgets them after a success.
async fn judge(connection: &mut PgConnection, finished: &[Finished]) -> Result<Vec<Health>, StoreError> {
    let mut tries: BTreeMap<EndpointId, (bool, i32)> = BTreeMap::new();
    for it in finished {
        let (succeeded, failed) = tries.entry(it.endpoint).or_default();
        match it.error {
            None => *succeeded = true,
            Some(_) => *failed = failed.saturating_add(1),
        }
    }
    let tries: Vec<_> = tries.into_iter().collect();
    let rows = sqlx::query!(
        r#"
        UPDATE webhook_endpoints e
        SET failing_since = CASE WHEN t.succeeded THEN NULL ELSE coalesce(e.failing_since, now()) END,
            failures = CASE WHEN t.succeeded THEN 0 ELSE e.failures + t.failed END
        FROM (
            SELECT x.* FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::INTEGER[]) AS x (id, succeeded, failed)
            JOIN webhook_endpoints w ON w.id = x.id
            WHERE NOT x.succeeded OR w.failing_since IS NOT NULL
            ORDER BY x.id FOR NO KEY UPDATE OF w
        ) t
        WHERE e.id = t.id
        RETURNING e.id, e.failing_since, e.failures,
                  extract(epoch FROM now() - coalesce(e.failing_since, now()))::BIGINT AS "failing_for!"
        "#,
        &column(&tries, |(id, _)| id.0),
        &column(&tries, |(_, (succeeded, _))| *succeeded),
        &column(&tries, |(_, (_, failed))| *failed),
    )
    .fetch_all(connection)
    .await?;
    let failing = rows.into_iter().filter_map(|row| {
        Some(Health {
            endpoint: EndpointId(row.id),
            failing_since: row.failing_since?,
            failures: row.failures,
            failing_for: Duration::from_secs(row.failing_for.unsigned_abs()),
        })
    });
    Ok(failing.collect())
}

/// Gives back what was claimed and not tried to its end: another worker may take it at once.
///
/// # Errors
/// When the database fails.
pub async fn release(connection: &mut PgConnection, leased: &[Leased]) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE webhook_deliveries d
         SET lease = NULL, next_attempt_at = now()
         FROM UNNEST($1::BIGINT[], $2::UUID[]) AS back (id, lease)
         WHERE d.id = back.id AND d.lease = back.lease AND d.status = 'pending'",
        &column(leased, |it| it.delivery.0),
        &column(leased, |it| it.lease),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn column<T, C>(rows: &[T], of: impl Fn(&T) -> C) -> Vec<C> {
    rows.iter().map(of).collect()
}
