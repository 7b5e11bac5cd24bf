//! The lock on the ledger of a project and mode, held until the transaction ends.
//!
//! Workers share it and never wait for one another; a payout is made or closed by one transaction
//! alone, which waits for batches under way and makes later ones wait. It is taken before any row of
//! `conversions` or `ledger_entries` is written, so that nobody waits for it with such a row in hand.

use crate::{PgConnection, StoreError};
use domain::ids::Realm;
use std::collections::BTreeSet;

/// Shares the ledgers of these projects and modes.
pub(crate) async fn share(connection: &mut PgConnection, realms: &BTreeSet<Realm>) -> Result<(), StoreError> {
    // One after the other, in their order: two that share several never wait for each other.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('books of ' || r.project_id || ' ' || r.livemode, 0))
         FROM UNNEST($1::BIGINT[], $2::BOOLEAN[]) AS r (project_id, livemode)",
        &realms.iter().map(|realm| realm.project.0).collect::<Vec<_>>(),
        &realms.iter().map(|realm| realm.mode.is_live()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Whether the ledger could be shared now; nobody has it alone.
pub(crate) async fn is_free(connection: &mut PgConnection, realm: Realm) -> Result<bool, StoreError> {
    let free = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock_shared(
               hashtextextended('books of ' || $1::BIGINT || ' ' || $2::BOOLEAN, 0)) AS "free!""#,
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_one(connection)
    .await?;
    Ok(free)
}

/// Has the ledger alone.
pub(crate) async fn exclusive(connection: &mut PgConnection, realm: Realm) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('books of ' || $1::BIGINT || ' ' || $2::BOOLEAN, 0))",
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
