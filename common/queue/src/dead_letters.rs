//! Messages that no worker could settle, kept until a person decides: send them round again, or give
//! them up for good.
//!
//! The caller owns the connection and the transaction. Only open letters are seen: neither retried
//! nor discarded.

use super::{Prefix, postgres::CHANNEL};
use chrono::{DateTime, Utc};
use domain::ids::{Mode, ProjectId};
use serde_json::Value;
use sqlx::PgConnection;

/// Which dead letters to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of a project.
    pub project: Option<ProjectId>,
    /// Only those of a mode.
    pub mode: Option<Mode>,
    /// Only those whose reason contains this, in any case.
    pub reason: Option<String>,
    /// Only messages from there: `stripe`, `api` and so on.
    pub source: Option<String>,
    /// Only those that were given up before this time.
    pub died_before: Option<DateTime<Utc>>,
    /// Only those with a smaller id: the last one of the page before.
    pub before: Option<i64>,
}

/// A dead letter without its body.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DeadLetter {
    /// Names it on the command line. Larger is later.
    pub id: i64,
    /// The project, when the headers told it.
    pub project: Option<ProjectId>,
    /// The mode, when the headers told it.
    pub mode: Option<Mode>,
    /// The headers, or what could be read of them.
    pub headers: Value,
    /// The size of the body in bytes.
    pub body_bytes: i32,
    /// How many deliveries it had.
    pub attempts: i32,
    /// What has to be mended.
    pub reason: String,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
}

/// The latest open dead letters that pass the filter, latest first, at most `limit`.
pub async fn list(
    connection: &mut PgConnection,
    queue: &Prefix,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, project_id, livemode, headers, length(body) AS "body_bytes!", attempt, reason, died_at
           FROM dead_letters
           WHERE queue = $1 AND retried_at IS NULL AND discarded_at IS NULL
             AND ($2::BIGINT IS NULL OR project_id = $2)
             AND ($3::BOOLEAN IS NULL OR livemode = $3)
             AND ($4::TEXT IS NULL OR strpos(lower(reason), lower($4)) > 0)
             AND ($5::BIGINT IS NULL OR id < $5)
             AND ($7::TEXT IS NULL OR headers ->> 'source' = $7)
             AND ($8::TIMESTAMPTZ IS NULL OR died_at < $8)
           ORDER BY id DESC
           LIMIT $6"#,
        queue.as_str(),
        filter.project.map(|project| project.0),
        filter.mode.map(Mode::is_live),
        filter.reason,
        filter.before,
        limit,
        filter.source,
        filter.died_before,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(DeadLetter::from).collect())
}

/// Which part of a list.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The time and the number of the last one of the page before.
    pub after: Option<(DateTime<Utc>, i64)>,
    /// At most so many.
    pub limit: i64,
    /// To pass over.
    pub offset: i64,
}

/// Open dead letters that pass the filter, the latest first.
pub async fn page(
    connection: &mut PgConnection,
    queue: &Prefix,
    filter: &Filter,
    window: Window,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let (after_at, after_id) = window.after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, project_id, livemode, headers, length(body) AS "body_bytes!", attempt, reason, died_at
           FROM dead_letters
           WHERE queue = $1 AND retried_at IS NULL AND discarded_at IS NULL
             AND ($2::BIGINT IS NULL OR project_id = $2)
             AND ($3::BOOLEAN IS NULL OR livemode = $3)
             AND ($4::TEXT IS NULL OR strpos(lower(reason), lower($4)) > 0)
             AND ($5::TIMESTAMPTZ IS NULL OR (died_at, id) < ($5, $6))
             AND ($9::TEXT IS NULL OR headers ->> 'source' = $9)
             AND ($10::TIMESTAMPTZ IS NULL OR died_at < $10)
           ORDER BY died_at DESC, id DESC
           LIMIT $7 OFFSET $8"#,
        queue.as_str(),
        filter.project.map(|project| project.0),
        filter.mode.map(Mode::is_live),
        filter.reason,
        after_at,
        after_id,
        window.limit,
        window.offset,
        filter.source,
        filter.died_before,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(DeadLetter::from).collect())
}

/// How many open dead letters pass the filter.
pub async fn count(
    connection: &mut PgConnection,
    queue: &Prefix,
    filter: &Filter,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM dead_letters
           WHERE queue = $1 AND retried_at IS NULL AND discarded_at IS NULL
             AND ($2::BIGINT IS NULL OR project_id = $2)
             AND ($3::BOOLEAN IS NULL OR livemode = $3)
             AND ($4::TEXT IS NULL OR strpos(lower(reason), lower($4)) > 0)
             AND ($5::TEXT IS NULL OR headers ->> 'source' = $5)
             AND ($6::TIMESTAMPTZ IS NULL OR died_at < $6)"#,
        queue.as_str(),
        filter.project.map(|project| project.0),
        filter.mode.map(Mode::is_live),
        filter.reason,
        filter.source,
        filter.died_before,
    )
    .fetch_one(connection)
    .await
}

/// One open dead letter and its body.
pub async fn show(
    connection: &mut PgConnection,
    queue: &Prefix,
    id: i64,
) -> Result<Option<(DeadLetter, Vec<u8>)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, project_id, livemode, headers, body, attempt, reason, died_at
           FROM dead_letters
           WHERE queue = $1 AND id = $2 AND retried_at IS NULL AND discarded_at IS NULL"#,
        queue.as_str(),
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let letter = Row {
            id: row.id,
            project_id: row.project_id,
            livemode: row.livemode,
            headers: row.headers,
            body_bytes: i32::try_from(row.body.len()).unwrap_or(i32::MAX),
            attempt: row.attempt,
            reason: row.reason,
            died_at: row.died_at,
        };
        (letter.into(), row.body)
    }))
}

/// Sends open dead letters round again, as new messages in `queue_messages`. Returns the ids that were
/// open; the others were not, or do not exist.
pub async fn retry(
    connection: &mut PgConnection,
    queue: &Prefix,
    ids: &[i64],
) -> Result<Vec<i64>, sqlx::Error> {
    // One statement, so that a letter is never in both tables as open work, nor in neither.
    let retried = sqlx::query_scalar!(
        "WITH retried AS (
             UPDATE dead_letters SET retried_at = now()
             WHERE queue = $1 AND id = ANY($2) AND retried_at IS NULL AND discarded_at IS NULL
             RETURNING id, headers, body, reason
         ), requeued AS (
             INSERT INTO queue_messages (queue, headers, body, reason)
             SELECT $1, headers, body, 'retried after: ' || reason FROM retried ORDER BY id
         )
         SELECT id FROM retried ORDER BY id",
        queue.as_str(),
        ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    if !retried.is_empty() {
        sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, queue.as_str()).fetch_one(connection).await?;
    }
    Ok(retried)
}

/// Who gives dead letters up, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp<'a> {
    /// Who does.
    pub actor: &'a str,
    /// Why, when it was said.
    pub reason: Option<&'a str>,
}

/// Gives open dead letters up for good; the rows stay for the record. Returns the ids that were open.
pub async fn discard(
    connection: &mut PgConnection,
    queue: &Prefix,
    ids: &[i64],
    given_up: GivenUp<'_>,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE dead_letters SET discarded_at = now(), discarded_by = $3, discard_reason = $4
         WHERE queue = $1 AND id = ANY($2) AND retried_at IS NULL AND discarded_at IS NULL
         RETURNING id",
        queue.as_str(),
        ids,
        given_up.actor,
        given_up.reason,
    )
    .fetch_all(connection)
    .await
}

struct Row {
    id: i64,
    project_id: Option<i64>,
    livemode: Option<bool>,
    headers: Value,
    body_bytes: i32,
    attempt: i32,
    reason: String,
    died_at: DateTime<Utc>,
}

impl From<Row> for DeadLetter {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            project: row.project_id.map(ProjectId),
            mode: row.livemode.map(Mode::from_livemode),
            headers: row.headers,
            body_bytes: row.body_bytes,
            attempts: row.attempt,
            reason: row.reason,
            died_at: row.died_at,
        }
    }
}
