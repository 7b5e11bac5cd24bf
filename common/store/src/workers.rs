//! Workers that run, as they say themselves.

use super::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

/// A worker that was not seen for so many seconds is silent: killed, stuck, or cut off from the database.
pub const SILENT_AFTER: i64 = 30;

/// Rows of workers that were not seen for a day are deleted by those that are.
const FORGOTTEN_AFTER: f64 = 86_400.0;

/// A run of a worker's process.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Names it.
    pub id: Uuid,
    /// `QUEUE_PREFIX`.
    pub queue: &'a str,
    /// The process's number where it runs.
    pub process: u32,
    /// The program's version.
    pub version: &'a str,
}

/// A worker that was seen within the last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Where it runs, as the database sees it; none over a socket of the same machine.
    pub address: Option<String>,
    /// The process's number there.
    pub process: i64,
    /// The program's version.
    pub version: String,
    /// When it was first seen.
    pub started_at: DateTime<Utc>,
    /// When it was last seen.
    pub seen_at: DateTime<Utc>,
    /// So many seconds ago.
    pub age_seconds: i64,
}

impl Worker {
    /// Whether it should have been seen since.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.age_seconds > SILENT_AFTER
    }
}

/// Says that a worker runs.
///
/// # Errors
/// [`StoreError`]
pub async fn beat(connection: &mut PgConnection, run: Run<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH forgotten AS (
             DELETE FROM worker_heartbeats WHERE seen_at < now() - make_interval(secs => $5) AND id <> $1
         )
         INSERT INTO worker_heartbeats (id, queue, address, process_id, version)
         VALUES ($1, $2, host(inet_client_addr()), $3, $4)
         ON CONFLICT (id) DO UPDATE SET seen_at = now()",
        run.id,
        run.queue,
        i64::from(run.process),
        run.version,
        FORGOTTEN_AFTER,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes back that a worker runs.
///
/// # Errors
/// [`StoreError`]
pub async fn leave(connection: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM worker_heartbeats WHERE id = $1", id).execute(connection).await?;
    Ok(())
}

/// The workers of a queue that were seen within the last day, those that were seen last first.
///
/// # Errors
/// [`StoreError`]
pub async fn list(connection: &mut PgConnection, queue: &str) -> Result<Vec<Worker>, StoreError> {
    let workers = sqlx::query_as!(
        Worker,
        r#"SELECT address, process_id AS process, version, started_at, seen_at,
                  greatest(extract(epoch FROM now() - seen_at), 0)::BIGINT AS "age_seconds!"
           FROM worker_heartbeats
           WHERE queue = $1 AND seen_at > now() - INTERVAL '1 day'
           ORDER BY seen_at DESC, id LIMIT 500"#,
        queue,
    );
    Ok(workers.fetch_all(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PgPool;

    fn run(id: u128, queue: &str) -> Run<'_> {
        Run { id: Uuid::from_u128(id), queue, process: 7, version: "1.2.3" }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_worker_is_seen_until_it_leaves_and_silent_when_it_was_killed(pool: PgPool) {
        let mut connection = pool.acquire().await.unwrap();
        beat(&mut connection, run(1, "q")).await.unwrap();
        beat(&mut connection, run(2, "q")).await.unwrap();
        beat(&mut connection, run(3, "other")).await.unwrap();
        sqlx::raw_sql("UPDATE worker_heartbeats SET started_at = now() - INTERVAL '1 hour', seen_at = now() - INTERVAL '40 s'")
            .execute(&mut *connection)
            .await
            .unwrap();
        beat(&mut connection, run(2, "q")).await.unwrap();
        let seen = list(&mut connection, "q").await.unwrap();
        assert_eq!(seen.iter().map(Worker::is_silent).collect::<Vec<_>>(), [false, true]);
        assert_eq!((seen[0].process, seen[0].version.as_str()), (7, "1.2.3"));
        // It began when it was first seen.
        assert!(seen[0].started_at < seen[0].seen_at - chrono::TimeDelta::minutes(59));

        leave(&mut connection, Uuid::from_u128(2)).await.unwrap();
        assert_eq!(list(&mut connection, "q").await.unwrap().len(), 1);
        sqlx::raw_sql("UPDATE worker_heartbeats SET seen_at = now() - INTERVAL '2 days'")
            .execute(&mut *connection)
            .await
            .unwrap();
        assert_eq!(list(&mut connection, "q").await.unwrap(), []);
        beat(&mut connection, run(4, "q")).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM worker_heartbeats")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(rows, 1, "what is old is forgotten");
    }
}
