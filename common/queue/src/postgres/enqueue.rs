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
/// the database is down.
///
/// # Errors
/// Those of the database.
pub async fn enqueue(
    connection: &mut PgConnection,
    queue: &Prefix,
    envelope: &Envelope,
) -> Result<(), sqlx::Error> {
    enqueue_all(connection, queue, &[envelope]).await
}

/// Puts some messages on the queue in one statement, as [`enqueue`]; none is no statement.
///
/// # Errors
/// Those of the database.
pub async fn enqueue_all(
    connection: &mut PgConnection,
    queue: &Prefix,
    envelopes: &[&Envelope],
) -> Result<(), sqlx::Error> {
    if envelopes.is_empty() {
        return Ok(());
    }
    let headers: Vec<Json<&Headers>> = envelopes.iter().map(|envelope| Json(&envelope.headers)).collect();
    let bodies: Vec<&[u8]> = envelopes.iter().map(|envelope| envelope.body.as_ref()).collect();
    // PostgreSQL delivers the notification at the commit.
    sqlx::query!(
        "WITH stored AS (
             INSERT INTO queue_messages (queue, headers, body)
             SELECT $1, headers, body FROM UNNEST($2::JSONB[], $3::BYTEA[]) AS message (headers, body)
         )
         SELECT pg_notify($4, $1)",
        queue.as_str(),
        &headers as _,
        &bodies as _,
        CHANNEL,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
