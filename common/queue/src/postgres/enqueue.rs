//! A message that is stored together with what it tells of.

use super::CHANNEL;
use crate::{
    Prefix,
    envelope::{Envelope, Headers},
};
use sqlx::{PgConnection, types::Json};

/// Puts a message on the queue in the caller's own transaction: it is there when that commits, and
/// only then. Workers read it whether or not there is a broker.
///
/// [`Publisher::publish`](crate::Publisher::publish) is for what must be stored also while
/// the database is down. Tells the message's number, by which [`waiting`] knows it.
///
/// # Errors
/// Those of the database.
pub async fn enqueue(
    connection: &mut PgConnection,
    queue: &Prefix,
    envelope: &Envelope,
) -> Result<i64, sqlx::Error> {
    enqueue_all(connection, queue, &[envelope]).await?.pop().ok_or(sqlx::Error::RowNotFound)
}

/// Puts some messages on the queue in one statement, as [`enqueue`]; none is no statement.
///
/// # Errors
/// Those of the database.
pub async fn enqueue_all(
    connection: &mut PgConnection,
    queue: &Prefix,
    envelopes: &[&Envelope],
) -> Result<Vec<i64>, sqlx::Error> {
    if envelopes.is_empty() {
        return Ok(Vec::new());
    }
    let headers: Vec<Json<&Headers>> = envelopes.iter().map(|envelope| Json(&envelope.headers)).collect();
    let bodies: Vec<&[u8]> = envelopes.iter().map(|envelope| envelope.body.as_ref()).collect();
    // PostgreSQL delivers the notification at the commit.
    let stored = sqlx::query!(
        r#"WITH stored AS (
             INSERT INTO queue_messages (queue, headers, body)
             SELECT $1, headers, body FROM UNNEST($2::JSONB[], $3::BYTEA[]) AS message (headers, body)
             RETURNING id
         )
         SELECT id AS "id!", pg_notify($4, $1) FROM stored"#,
        queue.as_str(),
        &headers as _,
        &bodies as _,
        CHANNEL,
    )
    .fetch_all(connection)
    .await?;
    Ok(stored.into_iter().map(|message| message.id).collect())
}

/// Which of these messages no worker is done with.
///
/// # Errors
/// Those of the database.
pub async fn waiting(connection: &mut PgConnection, messages: &[i64]) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM queue_messages WHERE id = ANY($1) ORDER BY id", messages)
        .fetch_all(connection)
        .await
}
