//! What waits in the queue's tables.

use crate::Prefix;
use sqlx::PgConnection;

/// Counts go no further: beyond it the age of the oldest says more, and counting costs.
const COUNTED: i64 = 100_000;

/// What waits. Counts stop at 100,000.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backlog {
    /// How long the oldest due message waits, in seconds.
    pub oldest: Option<f64>,
    /// Due, in the hands of a worker or not.
    pub due: i32,
    /// Of those, in the hands of a worker.
    pub in_flight: i32,
    /// Put off until later.
    pub put_off: i32,
    /// Dead letters that are open.
    pub dead_letters: i32,
}

/// Looks at the tables of this queue. What RabbitMQ holds is not in them.
///
/// # Errors
/// Those of the database.
pub async fn backlog(connection: &mut PgConnection, queue: &Prefix) -> Result<Backlog, sqlx::Error> {
    sqlx::query_as!(
        Backlog,
        r#"SELECT
             (SELECT extract(epoch FROM now() - run_at)::float8
              FROM queue_messages WHERE queue = $1 AND run_at <= now() ORDER BY run_at LIMIT 1) AS oldest,
             taken.due AS "due!", taken.in_flight AS "in_flight!",
             (SELECT count(*)::int
              FROM (SELECT FROM queue_messages WHERE queue = $1 AND run_at > now() LIMIT $2) AS later) AS "put_off!",
             (SELECT count(*)::int
              FROM (SELECT FROM dead_letters
                    WHERE queue = $1 AND retried_at IS NULL AND discarded_at IS NULL LIMIT $2) AS open) AS "dead_letters!"
           FROM (SELECT count(*)::int AS due, (count(*) FILTER (WHERE leased_until > now()))::int AS in_flight
                 FROM (SELECT leased_until FROM queue_messages WHERE queue = $1 AND run_at <= now() LIMIT $2) AS due) AS taken"#,
        queue.as_str(),
        COUNTED,
    )
    .fetch_one(connection)
    .await
}
