//! Attempts to sign in that have not succeeded, by who tries and by whom they try to be.

use super::{PgConnection, StoreError};
use chrono::{DateTime, Utc};

/// A counter: an address or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// What is counted.
    pub subject: String,
    /// How many of late are let through.
    pub limit: i32,
}

/// Counts an attempt for each of these and tells whether all let it through. It is counted before the password is looked
/// at, so that many at once are not more than their number. Attempts before `since` no longer count; those that are
/// turned away do not make the wait longer.
///
/// # Errors
/// [`StoreError`]
pub async fn attempt(
    connection: &mut PgConnection,
    counters: &[Counter],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    sqlx::query!(
        "DELETE FROM sign_in_failures WHERE subject IN
             (SELECT subject FROM sign_in_failures WHERE last_at <= $1 ORDER BY last_at LIMIT 1000 FOR UPDATE SKIP LOCKED)",
        since,
    )
    .execute(&mut *connection)
    .await?;
    let (subjects, limits): (Vec<String>, Vec<i32>) =
        counters.iter().map(|counter| (counter.subject.clone(), counter.limit)).unzip();
    // In one order, so that two attempts do not wait for each other.
    let refused = sqlx::query_scalar!(
        r#"WITH counted AS (
             INSERT INTO sign_in_failures AS f (subject, failures, last_at)
             SELECT subject, 1, $3 FROM UNNEST($1::TEXT[]) AS t (subject) ORDER BY subject
             ON CONFLICT (subject) DO UPDATE SET
                 failures = CASE WHEN f.last_at > $4 THEN least(f.failures, 1000000) + 1 ELSE 1 END,
                 last_at = CASE WHEN f.last_at > $4 AND f.failures >=
                     (SELECT l."limit" FROM UNNEST($1::TEXT[], $2::INTEGER[]) AS l (subject, "limit") WHERE l.subject = f.subject)
                     THEN f.last_at ELSE $3 END
             RETURNING subject, failures
         )
         SELECT count(*) AS "count!" FROM counted c
         JOIN UNNEST($1::TEXT[], $2::INTEGER[]) AS l (subject, "limit") ON l.subject = c.subject
         WHERE c.failures > l."limit""#,
        &subjects,
        &limits,
        now,
        since,
    );
    Ok(refused.fetch_one(connection).await? == 0)
}

/// Forgets the attempts of a name whose password was right, and takes this one off its address: a password of one's own is no
/// licence to guess others'.
///
/// # Errors
/// [`StoreError`]
pub async fn succeeded(
    connection: &mut PgConnection,
    name: &Counter,
    address: &Counter,
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM sign_in_failures WHERE subject = $1", name.subject)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "UPDATE sign_in_failures SET failures = greatest(failures - 1, 1) WHERE subject = $1",
        address.subject
    )
    .execute(connection)
    .await?;
    Ok(())
}
