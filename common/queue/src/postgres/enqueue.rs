//! A message that is stored together with what it tells of.

use super::CHANNEL;
use crate::{Prefix, envelope::Envelope};
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
    // PostgreSQL delivers the notification at the commit.
    sqlx::query!(
        "WITH stored AS (
             INSERT INTO queue_messages (queue, headers, body) VALUES ($1, $2, $3)
         )
         SELECT pg_notify($4, $1)",
        queue.as_str(),
        Json(&envelope.headers) as _,
        envelope.body.as_ref(),
        CHANNEL,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
