//! How the statements of settlement are planned: by index, whatever the statistics say.
//!
//! A fresh database, a backfill and a restore have no statistics, or those of the empty tables that were. A plan made
//! then and kept reads all conversions for each key of a batch, and a burst of ten thousand events takes hours. Every
//! statement here looks up a batch's worth of rows in tables of any size, so that one plan is right at every size:
//! nested loops over the batch, with an index inside. Three things see to it:
//!
//! 1. [`pin`] turns off the other plans for the transaction, and has each statement planned for the tables as large as
//!    they are now rather than keep a plan of an hour ago. That costs some 0.2 ms a statement.
//! 2. Where several indexes begin with the project, the unique one by which rows are looked up begins with the key
//!    instead (`conversions_payment_key`, `clicks_click_key`), and the look-up names nothing but that key: within
//!    `LATERAL (… OFFSET 0)`, which the planner does not look through.
//! 3. Nothing is looked up by a condition without an index of its own.

use crate::notifications::TRACE;
use crate::{PgConnection, StoreError};

/// Has the statements of this transaction use indexes, and its notifications keep a trace.
pub(super) async fn pin(connection: &mut PgConnection, trace: Option<&str>) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT set_config(name, setting, TRUE)
         FROM (VALUES ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
                      ('jit', 'off'), ('plan_cache_mode', 'force_custom_plan'), ($1, $2)) AS pinned (name, setting)",
        TRACE,
        trace.unwrap_or_default(),
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
