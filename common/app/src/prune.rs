//! What has outlived its use is deleted, and raw bodies go to an archive when somebody says so (ADR 55).
//!
//! Services delete by themselves what is past its life; this does the same at once, and tells what it is.

use crate::Error;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::io::Write;
use store::PgConnection;
use store::event_archive::{self, Size};
use store::idempotency_keys::{self, KEPT};
use store::notifications::{self, Pruned};

/// Rows that one statement deletes: no lock is held for long.
const ROUND: i64 = 5_000;
/// Events that one statement takes out.
const TAKEN: usize = 1_000;
/// Events whose bodies are in memory at once.
const EVENTS: i64 = 100;

/// What is past its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outlived {
    /// Answers kept for an `Idempotency-Key`, after 48 hours.
    pub idempotency_keys: u64,
    /// Notifications, after 90 days, with their deliveries and, after 30 days, each try.
    #[serde(flatten)]
    pub notifications: Pruned,
}

/// Tells what [`delete`] would delete.
///
/// # Errors
/// When the database fails.
pub async fn outlived(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Outlived, Error> {
    Ok(Outlived {
        idempotency_keys: idempotency_keys::older(connection, now - KEPT).await?,
        notifications: notifications::outlived(connection).await?,
    })
}

/// Deletes what is past its life, in many small transactions: a command that is killed has done a part of it.
///
/// # Errors
/// When the database fails.
pub async fn delete(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Outlived, Error> {
    let mut deleted = Outlived::default();
    loop {
        let round = idempotency_keys::purge(connection, now - KEPT, ROUND).await?;
        deleted.idempotency_keys += round;
        if round == 0 {
            break;
        }
    }
    loop {
        let round = notifications::prune(connection).await?;
        deleted.notifications.add(round);
        if round.is_nothing() {
            return Ok(deleted);
        }
    }
}

/// What an archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows of the events.
    ids: Vec<i64>,
    /// Events, and bytes of the archive.
    pub size: Size,
}

/// Writes an archive of the events that were received before a time, one line each. Nothing is changed: when the archive is
/// safe, [`take_out`] takes the bodies out.
///
/// # Errors
/// When the database fails, or `archive` cannot be written.
pub async fn write_archive(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    archive: &mut impl Write,
    mut progress: impl FnMut(u64),
) -> Result<Written, Error> {
    let mut written = Written::default();
    loop {
        let after = written.ids.last().copied().unwrap_or(0);
        let lines = event_archive::lines(connection, before, after, EVENTS).await?;
        if lines.is_empty() {
            return Ok(written);
        }
        for line in lines {
            writeln!(archive, "{}", line.text).map_err(unwritable)?;
            written.size.events += 1;
            written.size.bytes += i64::try_from(line.text.len() + 1).unwrap_or(i64::MAX);
            written.ids.push(line.id);
        }
        progress(written.size.events.unsigned_abs());
    }
}

/// Takes the bodies that an archive holds out of the database, some at a time, each part for good.
///
/// # Errors
/// When the database fails.
pub async fn take_out(connection: &mut PgConnection, written: &Written) -> Result<u64, Error> {
    let mut done = 0;
    for ids in written.ids.chunks(TAKEN) {
        done += event_archive::take_out(connection, ids).await?;
    }
    Ok(done)
}

fn unwritable(error: std::io::Error) -> Error {
    Error::Defect("the archive cannot be written", Box::new(error))
}
