//! Between those who settle and those who judge again.
//!
//! A batch reads codes and rules at its beginning and is seen by nobody before its end. When a
//! mapping changes meanwhile, whoever looks for the customers concerned would pass that batch over,
//! and it would stay judged by what it had read. So batches share a lock, and who judges again waits
//! once until all that began before have ended; those that begin later read what is new.

use crate::domain::ids::Realm;
use crate::store::{PgConnection, StoreError};

/// Takes part in the settling of these projects and modes until the transaction ends.
pub(super) async fn enter(
    conn: &mut PgConnection,
    realms: impl Iterator<Item = Realm>,
) -> Result<(), StoreError> {
    let names: Vec<String> = realms.map(name).collect();
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended(name, 0)) FROM UNNEST($1::TEXT[]) AS realms (name)",
        &names
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// Waits until every batch of a project and mode has ended that began before. In a transaction of
/// its own, which ends at once: batches wait as long as it lasts.
pub(super) async fn wait(conn: &mut PgConnection, realm: Realm) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name(realm))
        .fetch_one(conn)
        .await?;
    Ok(())
}

fn name(realm: Realm) -> String {
    format!("settling:{}:{}", realm.project, realm.mode)
}
