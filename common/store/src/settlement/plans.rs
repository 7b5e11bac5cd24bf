//! How the statements of settlement are planned: by index, whatever the statistics say.
//!
//! A fresh database, a backfill and a restore have no statistics, or those of the empty tables that were. A plan made
//! then and kept reads all conversions for each key of a batch, and a burst of ten thousand events takes hours. Every
//! statement here looks up a batch's worth of rows in tables of any size, so that one plan is right at every size:
//! nested loops over the batch, with an index inside. Three things see to it:
//!
//! 1. [`pin`] turns off the other plans for the transaction, and has each statement of a large batch planned for the tables as large as
//!    they are now. That costs some 0.2 ms a statement, more than half of what a few events take in the database: those have the plans
//!    that their session made for the last few, seconds ago ([`Sessions`](crate::Sessions)).
//! 2. Where several indexes begin with the project, the unique one by which rows are looked up begins with the key
//!    instead (`conversions_payment_key`, `clicks_click_key`), and the look-up names nothing but that key: within
//!    `LATERAL (… OFFSET 0)`, which the planner does not look through.
//! 3. Nothing is looked up by a condition without an index of its own, and nothing beside it that an index is made for: of a table that
//!    seems empty, the whole of such an index costs as much as one row.

use crate::notifications::TRACE;
use crate::{PgConnection, StoreError};

/// Up to so many events are few.
const FEW: usize = 64;

/// When the statements of a transaction are planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planned {
    /// Each time.
    EachTime,
    /// Once in a session.
    Once,
}

impl Planned {
    /// For a batch of so many events.
    pub(super) const fn for_events(count: usize) -> Self {
        if count <= FEW { Self::Once } else { Self::EachTime }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::EachTime => "force_custom_plan",
            Self::Once => "force_generic_plan",
        }
    }
}

/// Has the statements of this transaction use indexes, and its notifications keep a trace.
pub(super) async fn pin(
    connection: &mut PgConnection,
    planned: Planned,
    trace: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT set_config(name, setting, TRUE)
         FROM (VALUES ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
                      ('jit', 'off'), ('plan_cache_mode', $3), ($1, $2)) AS pinned (name, setting)",
        TRACE,
        trace.unwrap_or_default(),
        planned.as_str(),
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
