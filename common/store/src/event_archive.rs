//! Raw bodies of old events outside of the database (ADR 55): written as lines of JSON, and read back for a replay.
//!
//! An event whose body is in an archive keeps its row, so what arrives twice is still known, and so does the hash of its
//! body, which tells whether an archive holds what it says.

use crate::{PgConnection, StoreError};
use chrono::{DateTime, Utc};

/// An event as a line of an archive: an object with `id`, `project_id`, `livemode`, `event_id`, `source`, `event_type`,
/// `received_at`, `body_sha256` (hex) and `body` (Base64 of the bytes that were received).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The event's row.
    pub id: i64,
    /// The line, without its end.
    pub text: String,
}

/// How many events, and bytes of theirs, an archive would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Size {
    /// Events.
    pub events: i64,
    /// Bytes of their bodies, as they were received.
    pub bytes: i64,
}

/// What was received before a time and is not in an archive yet.
///
/// # Errors
/// When the database fails.
pub async fn size(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<Size, StoreError> {
    Ok(sqlx::query_as!(
        Size,
        r#"SELECT count(*) AS "events!", coalesce(sum(length(body)), 0)::BIGINT AS "bytes!"
           FROM events WHERE received_at < $1 AND archived_at IS NULL"#,
        before,
    )
    .fetch_one(connection)
    .await?)
}

/// Bytes of bodies of which lines are read at once; one body more than that is read alone.
const BYTES: i64 = 16 << 20;

/// The next lines of an archive, in the order of rows: at most `limit` behind the row `after`, and fewer where bodies are
/// large.
///
/// # Errors
/// When the database fails.
pub async fn lines(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    after: i64,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    Ok(sqlx::query_as!(
        Line,
        r#"SELECT id, json_build_object(
               'id', id, 'project_id', project_id, 'livemode', livemode, 'event_id', event_id, 'source', source,
               'event_type', event_type, 'received_at', received_at, 'body_sha256', encode(body_sha256, 'hex'),
               'body', translate(encode(body, 'base64'), E'\n', ''))::TEXT AS "text!"
           FROM (
               SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS read_before
               FROM (
                   SELECT id, project_id, livemode, event_id, source, event_type, received_at, body_sha256, body
                   FROM events
                   WHERE id > $1 AND received_at < $2 AND archived_at IS NULL
                   ORDER BY id
                   LIMIT $3
               ) next
           ) next
           WHERE read_before < $4
           ORDER BY id"#,
        after,
        before,
        limit,
        BYTES,
    )
    .fetch_all(connection)
    .await?)
}

/// Takes the bodies of these events out of the database; an archive has them. They are named one by one: an event with a
/// smaller number may be committed while an archive is being written.
///
/// # Errors
/// When the database fails.
pub async fn take_out(connection: &mut PgConnection, ids: &[i64]) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "UPDATE events SET body = '', archived_at = now() WHERE id = ANY($1) AND archived_at IS NULL",
        ids,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Bodies out of archives, for the rest of a transaction.
#[derive(Debug)]
pub struct Restored(());

impl Restored {
    /// None yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(connection: &mut PgConnection) -> Result<Self, StoreError> {
        sqlx::query("CREATE TEMPORARY TABLE restored_bodies (id BIGINT PRIMARY KEY, body BYTEA NOT NULL) ON COMMIT DROP")
            .execute(connection)
            .await?;
        Ok(Self(()))
    }

    /// Adds lines of an archive; tells how many of them are bodies that this database lacks. Lines of events that it does not
    /// know, or still has, are passed over, and so are those whose body is not the one that the event had.
    ///
    /// # Errors
    /// When a line is no line of an archive, or the database fails.
    pub async fn add(&self, connection: &mut PgConnection, lines: &[String]) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "INSERT INTO restored_bodies
             SELECT e.id, decode(t.line ->> 'body', 'base64')
             FROM unnest($1::JSONB[]) t (line)
             JOIN events e ON e.id = (t.line ->> 'id')::BIGINT AND e.archived_at IS NOT NULL
              AND e.body_sha256 = sha256(decode(t.line ->> 'body', 'base64'))
             ON CONFLICT DO NOTHING",
        )
        .bind(lines)
        .execute(connection)
        .await?;
        Ok(done.rows_affected())
    }

    /// The first of these events with whose body they would be more than `bytes`, if it is not the first of all.
    pub(crate) async fn first_beyond(
        &self,
        conn: &mut PgConnection,
        ids: &[i64],
        bytes: i64,
    ) -> Result<Option<i64>, StoreError> {
        let first = sqlx::query_scalar(
            "SELECT min(id) FROM (
                 SELECT id, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS read_before
                 FROM restored_bodies WHERE id = ANY($1)
             ) named
             WHERE read_before >= $2",
        );
        Ok(first.bind(ids).bind(bytes).fetch_one(conn).await?)
    }

    /// The bodies of these events, as far as an archive had them.
    pub(crate) async fn bodies(
        &self,
        connection: &mut PgConnection,
        ids: &[i64],
    ) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let bodies = sqlx::query_as("SELECT id, body FROM restored_bodies WHERE id = ANY($1)");
        Ok(bodies.bind(ids).fetch_all(connection).await?)
    }
}
