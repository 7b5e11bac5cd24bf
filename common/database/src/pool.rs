//! A pool for requests that come at any time and in any number: sqlx's own, with the bounds of [`Sessions`](crate::Sessions)
//! on what it does by itself.

use crate::{Limits, within};
use sqlx::{
    Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// How long a request waits for a free connection, or for one to be opened, before it is turned away: an overloaded or missing
/// database is better answered with 503 than with silence.
const REQUEST: Duration = Duration::from_secs(2);

/// The same of a command: nobody sends it again.
const COMMAND: Duration = Duration::from_secs(10);

/// A connection that comes back has this long to show that it is alive. One whose host fell silent is dropped, and its
/// place in the pool is free again; without a bound it would be taken until the kernel gives up, a quarter of an hour.
const ALIVE: Duration = Duration::from_secs(1);

/// At most so many connections, which are opened when they are first needed, so that a process starts without its
/// database. Their waits on the server are within `limits`.
#[must_use]
pub fn bounded(options: PgConnectOptions, limits: Limits, connections: u32) -> PgPool {
    patient(REQUEST, connections)
        .after_release(|connection, _| {
            Box::pin(async move { within(ALIVE, connection.ping()).await.map(|()| true) })
        })
        .connect_lazy_with(limits.apply(options))
}

/// The same for a command, which has the database's time to itself: its statements and locks take as long as they take.
#[must_use]
pub fn unbounded(options: PgConnectOptions, connections: u32) -> PgPool {
    patient(COMMAND, connections).connect_lazy_with(options)
}

fn patient(acquire: Duration, connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(acquire)
        // A ping before each use costs a round trip; a dead connection shows in the statement itself.
        .test_before_acquire(false)
}
