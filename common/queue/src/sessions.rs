//! Connections to the database, separate for writing and consuming so that neither starves the other.

use crate::QueueConfig;
use database::{Fault, Limits, Sessions};
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;

/// A worker claims, settles and renews at the same time, and writes dead letters now and then.
const PLACES: usize = 4;

/// How long each use of the queue may take before the database counts as away for it. The caller retries.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// The configured address under a name that a person can find in `pg_stat_activity`, with bounded waits.
pub(crate) fn options(config: &QueueConfig, role: &str) -> PgConnectOptions {
    Limits::SERVICE.apply(named(config, role))
}

/// Sessions that are opened when they are first used, so that they can be made while the database is down.
pub(crate) fn sessions(config: &QueueConfig) -> Sessions {
    // However old the statistics, the index of what is due is read, and never the table: a burst into an empty table
    // would otherwise be planned for as the empty table it was.
    let options = named(config, "worker")
        .options([("enable_seqscan", "off"), ("plan_cache_mode", "force_custom_plan")]);
    Sessions::new(options, Limits::SERVICE, PLACES)
}

fn named(config: &QueueConfig, role: &str) -> PgConnectOptions {
    config.database.clone().application_name(&format!("{} queue {role}", config.process))
}

/// Whether the connection is of no more use after this error.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    Fault::of(error) == Fault::Away
}

/// Whether the fault is in the data of a statement, so that its other rows would have been stored.
pub(crate) fn is_data_error(error: &sqlx::Error) -> bool {
    // Class 22: data exceptions, such as a NUL in JSON.
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.starts_with("22"))
}
