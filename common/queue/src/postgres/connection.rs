//! Connections to the database, separate for writing and consuming so that neither starves the other.

use crate::QueueConfig;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// A worker claims, settles and renews at the same time, and buries now and then.
const POOL_SIZE: u32 = 4;

/// How long to wait for a connection. Shorter than sqlx's 30 s: the caller retries, and should know why.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// The configured address under a name that a person can find in `pg_stat_activity`.
pub(crate) fn options(config: &QueueConfig, role: &str) -> PgConnectOptions {
    config.database.clone().application_name(&format!("{} queue {role}", config.process))
}

/// A pool that connects when it is first used, so that it can be made while the database is down.
pub(crate) fn pool(config: &QueueConfig) -> PgPool {
    PgPoolOptions::new()
        .max_connections(POOL_SIZE)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A ping per statement would double the round trips; a statement that meets a dead connection fails and is retried.
        .test_before_acquire(false)
        .connect_lazy_with(options(config, "worker"))
}

/// Whether the connection is of no more use after this error.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        // 08: connection exceptions; 57P: the server shuts down, crashed or starts up.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P"))
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// Whether the fault is in the data of a statement, so that its other rows would have been stored.
pub(crate) fn is_data_error(error: &sqlx::Error) -> bool {
    // Class 22: data exceptions, such as a NUL in JSON.
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.starts_with("22"))
}
