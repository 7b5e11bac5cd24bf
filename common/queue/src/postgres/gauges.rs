//! What waits in the queue's tables, as gauges.

use crate::{Prefix, telemetry};
use sqlx::PgConnection;

/// Counts go no further: beyond it the age of the oldest says more, and counting costs.
const COUNTED: i64 = 100_000;

/// Measures how long the oldest due row waits, how many are due or put off, and how many dead letters are open.
pub(super) async fn measure(connection: &mut PgConnection, queue: &Prefix) -> Result<(), sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT
             (SELECT extract(epoch FROM now() - run_at)::float8
              FROM queue_messages WHERE queue = $1 AND run_at <= now() ORDER BY run_at LIMIT 1) AS oldest,
             (SELECT count(*)::int
              FROM (SELECT FROM queue_messages WHERE queue = $1 AND run_at <= now() LIMIT $2) AS due) AS "due!",
             (SELECT count(*)::int
              FROM (SELECT FROM queue_messages WHERE queue = $1 AND run_at > now() LIMIT $2) AS later) AS "put_off!",
             (SELECT count(*)::int
              FROM (SELECT FROM dead_letters
                    WHERE queue = $1 AND retried_at IS NULL AND discarded_at IS NULL LIMIT $2) AS open) AS "dead_letters!""#,
        queue.as_str(),
        COUNTED,
    )
    .fetch_one(connection)
    .await?;
    metrics::gauge!(telemetry::OLDEST_AGE, "store" => "database").set(found.oldest.unwrap_or(0.0));
    metrics::gauge!(telemetry::WAITING, "store" => "database").set(found.due);
    metrics::gauge!(telemetry::PUT_OFF).set(found.put_off);
    metrics::gauge!(telemetry::DEAD_LETTERS).set(found.dead_letters);
    Ok(())
}
