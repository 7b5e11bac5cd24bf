//! How the statements of settlement are planned: by index, whatever the statistics say.
//!
//! A fresh database, a backfill and a restore have no statistics, or those of the empty tables that were. A plan made
//! then and kept reads all conversions for each key of a batch, and a burst of ten thousand events takes hours. Every
//! statement here looks up a batch's worth of rows in tables of any size, so that one plan is right at every size:
//! nested loops over the batch, with an index inside. Three things see to it:
//!
//! 1. [`pin`] turns off the other plans for the transaction. To plan a statement costs some 0.2 ms, more than half of what a few events
//!    take in the database: a worker's batches have the plans that their session made seconds ago ([`Sessions`](crate::Sessions)), and
//!    the session is pinned as a whole. Who has no such session plans each statement for the tables as large as they are now.
//! 2. Where several indexes begin with the project, the unique one by which rows are looked up begins with the key
//!    instead (`conversions_payment_key`, `clicks_click_key`), and the look-up names nothing but that key: within
//!    `LATERAL (… OFFSET 0)`, which the planner does not look through.
//! 3. Nothing is looked up by a condition without an index of its own, and nothing beside it that an index is made for: of a table that
//!    seems empty, the whole of such an index costs as much as one row.

use crate::notifications::TRACE;
use crate::{PgConnection, StoreError};

/// When the statements of a transaction are planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planned {
    /// Each time, in any session.
    EachTime,
    /// As a session of [`sessions_for_settling`](crate::sessions_for_settling) has it from its beginning: once, by index.
    BySession,
}

/// Has the statements of this transaction use indexes, and its notifications keep a trace.
pub(super) async fn pin(
    connection: &mut PgConnection,
    planned: Planned,
    trace: Option<&str>,
) -> Result<(), StoreError> {
    if planned == Planned::EachTime {
        sqlx::query!(
            "SELECT set_config(name, setting, TRUE)
             FROM (VALUES ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
                          ('jit', 'off'), ('plan_cache_mode', 'force_custom_plan')) AS pinned (name, setting)"
        )
        .fetch_all(&mut *connection)
        .await?;
    }
    if let Some(trace) = trace {
        sqlx::query!("SELECT set_config($1, $2, TRUE)", TRACE, trace).fetch_all(connection).await?;
    }
    Ok(())
}
