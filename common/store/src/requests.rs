//! Connections on which requests wait: for no lock, no statement and no silence without a bound.

use super::StoreError;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Error};
use std::io::ErrorKind;
use std::time::Duration;

/// What the server is told of each connection.
///
/// - A plan kept for all of a list's filters reads a million rows for the ten that a filter lets through, so each query is
///   planned for the filters it has; that takes some 0.2 ms.
/// - A row that somebody keeps is waited for as long as a free connection is, and a statement a little less than a
///   request; a transaction whose process is frozen does not keep its own rows.
const SETTINGS: &str = "SET plan_cache_mode = force_custom_plan; \
                        SET lock_timeout = '2s'; \
                        SET statement_timeout = '4s'; \
                        SET idle_in_transaction_session_timeout = '10s'";

/// A connection that comes back has this long to show that it is alive. One whose host fell silent is dropped, and its
/// place in the pool is free again; without a bound it would be taken until the kernel gives up, a quarter of an hour.
const ALIVE: Duration = Duration::from_secs(1);

/// What is said of a database that did not answer in the time it was given.
#[must_use]
pub fn no_answer() -> StoreError {
    StoreError::Unavailable(Error::Io(std::io::Error::new(ErrorKind::TimedOut, "it did not answer in time")))
}

/// A pool of such connections.
pub(super) fn bounded(options: PgPoolOptions) -> PgPoolOptions {
    options
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(SETTINGS).execute(connection).await.map(drop) })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                match tokio::time::timeout(ALIVE, connection.ping()).await {
                    Ok(answer) => answer.map(|()| true),
                    Err(_elapsed) => Err(Error::Io(ErrorKind::TimedOut.into())),
                }
            })
        })
}
