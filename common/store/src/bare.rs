//! What PostgreSQL does without Tributary, as a yardstick for it: the same client, the same bytes, tables of its own.
//!
//! Every function measures one thing and says how long that took; the tables are made before and dropped after.

use crate::{PgConnection, PgPool, StoreError, decode};
use bytes::Bytes;
use domain::ids::CustomerId;
use std::time::{Duration, Instant};

/// A table that keeps raw bodies by the id of their event, and one row of money beside each.
const TABLES: [&str; 4] = [
    "DROP TABLE IF EXISTS bare_entries, bare_inbox",
    "CREATE TABLE bare_inbox (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id TEXT COLLATE \"C\" NOT NULL UNIQUE,
                              received_at TIMESTAMPTZ NOT NULL DEFAULT now(), body BYTEA NOT NULL)",
    "CREATE TABLE bare_entries (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, inbox_id BIGINT NOT NULL,
                                currency TEXT NOT NULL, amount_minor BIGINT NOT NULL)",
    "CHECKPOINT",
];
const DROP: &str = "DROP TABLE IF EXISTS bare_entries, bare_inbox";
const INBOX: &str = "INSERT INTO bare_inbox (event_id, body)
                     SELECT * FROM UNNEST($1::TEXT[], $2::BYTEA[]) ON CONFLICT DO NOTHING";
const INBOX_AND_ENTRY: &str = "WITH kept AS (
        INSERT INTO bare_inbox (event_id, body)
        SELECT * FROM UNNEST($1::TEXT[], $2::BYTEA[]) ON CONFLICT DO NOTHING RETURNING id)
    INSERT INTO bare_entries (inbox_id, currency, amount_minor) SELECT id, 'usd', 980 FROM kept";

/// What is written with each body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Nothing: the inbox alone.
    Nothing,
    /// One row of a ledger.
    Entry,
}

/// Inserts each body in batches of `batch` rows, one statement and one commit a batch, one batch after the other.
///
/// # Errors
/// When the database fails.
pub async fn inserts(
    pool: &PgPool,
    bodies: &[Bytes],
    batch: usize,
    beside: Beside,
) -> Result<Duration, StoreError> {
    let mut connection = pool.acquire().await?;
    make_tables(&mut connection).await?;
    let statement = match beside {
        Beside::Nothing => INBOX,
        Beside::Entry => INBOX_AND_ENTRY,
    };
    let began = Instant::now();
    for (number, bodies) in bodies.chunks(batch.max(1)).enumerate() {
        let ids: Vec<String> = (0..bodies.len()).map(|place| format!("evt_bare_{number}_{place}")).collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(AsRef::as_ref).collect();
        sqlx::query(statement).bind(ids).bind(bodies).execute(&mut *connection).await?;
    }
    let took = began.elapsed();
    sqlx::query(DROP).execute(&mut *connection).await?;
    Ok(took)
}

async fn make_tables(connection: &mut PgConnection) -> Result<(), StoreError> {
    for statement in TABLES {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The ids of the customers that Stripe calls so, in the order of the names.
///
/// # Errors
/// When the database fails, or knows one of them not at all or twice.
pub async fn customers(pool: &PgPool, names: &[String]) -> Result<Vec<CustomerId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT c.id FROM UNNEST($1::TEXT[]) WITH ORDINALITY AS named (name, place)
         JOIN customers c ON c.stripe_customer_id = named.name AND NOT c.retired ORDER BY named.place",
    )
    .bind(names)
    .fetch_all(pool)
    .await?;
    if ids.len() != names.len() {
        return Err(decode(format!("{} customers are known by {} names", ids.len(), names.len())));
    }
    Ok(ids.into_iter().map(CustomerId).collect())
}

/// Reads one row by its primary key, once for each id, over `at_once` connections of the pool: the row of a customer that a
/// look-up ends at.
///
/// # Errors
/// When the database fails, or has no such row.
pub async fn selects(pool: &PgPool, ids: &[CustomerId], at_once: usize) -> Result<Duration, StoreError> {
    let share = ids.len().div_ceil(at_once.max(1)).max(1);
    let began = Instant::now();
    let readers = ids.chunks(share).map(|ids| async move {
        for id in ids {
            let mut connection = pool.acquire().await?;
            sqlx::query("SELECT id, user_email, status, affiliate_id FROM customers WHERE id = $1")
                .bind(id.0)
                .fetch_one(&mut *connection)
                .await?;
        }
        Ok::<_, StoreError>(())
    });
    futures::future::try_join_all(readers).await?;
    Ok(began.elapsed())
}
