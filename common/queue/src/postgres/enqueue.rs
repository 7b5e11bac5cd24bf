//! A message that is stored together with what it tells of.

use super::CHANNEL;
use crate::{Prefix, envelope::Envelope};
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
    // PostgreSQL delivers the notification at the commit.
    let stored = sqlx::query!(
        r#"WITH stored AS (
             INSERT INTO queue_messages (queue, headers, body) VALUES ($1, $2, $3) RETURNING id
         )
         SELECT id AS "id!", pg_notify($4, $1) FROM stored"#,
        queue.as_str(),
        Json(&envelope.headers) as _,
        envelope.body.as_ref(),
        CHANNEL,
    )
    .fetch_one(connection)
    .await?;
    Ok(stored.id)
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
