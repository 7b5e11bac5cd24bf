//! What waits in the queue's tables, as gauges.

use crate::{Prefix, backlog::backlog, telemetry};
use sqlx::PgConnection;

/// Measures how long the oldest due row waits, how many are due or put off, and how many dead letters are open.
pub(super) async fn measure(connection: &mut PgConnection, queue: &Prefix) -> Result<(), sqlx::Error> {
    let found = backlog(connection, queue).await?;
    metrics::gauge!(telemetry::OLDEST_AGE, "store" => "database").set(found.oldest.unwrap_or(0.0));
    metrics::gauge!(telemetry::WAITING, "store" => "database").set(found.due);
    metrics::gauge!(telemetry::PUT_OFF).set(found.put_off);
    metrics::gauge!(telemetry::DEAD_LETTERS).set(found.dead_letters);
    Ok(())
}
