//! Between those who settle and those who resettle.
//!
//! A batch reads codes and rules at its beginning and is seen by nobody before its end. When a
//! mapping changes meanwhile, whoever looks for the customers concerned would pass that batch over,
//! and it would stay judged by what it had read. So batches share a lock, and who resettles waits
//! once until all that began before have ended; those that begin later read what is new.

use crate::{PgConnection, StoreError};
use domain::ids::Realm;
use std::collections::BTreeSet;

/// The class of the locks under which references and signups meet; any number that nothing else takes.
const MEETING: i32 = 0x7472_6962;

/// Far fewer than the locks that a server has room for; two ids that share one wait for each other
/// without need.
const BUCKETS: i64 = 256;

/// Ids under which references and signups meet: those who reference an id share its lock, who signs up by it takes it alone, so that
/// whoever comes second sees what the first has written.
#[derive(Debug, Default)]
pub(super) struct Meetings {
    /// Of references.
    pub(super) sharing: BTreeSet<(Realm, String)>,
    /// Of signups.
    pub(super) alone: BTreeSet<(Realm, String)>,
}

/// Takes part in the settling of these projects and modes, and in these meetings, until the transaction ends.
pub(super) async fn enter(
    connection: &mut PgConnection,
    realms: impl Iterator<Item = Realm>,
    meetings: &Meetings,
) -> Result<(), StoreError> {
    let realms: Vec<String> = realms.map(name).collect();
    let names = |ids: &BTreeSet<(Realm, String)>| -> Vec<String> {
        ids.iter().map(|(realm, id)| format!("{}:{}:{id}", realm.project, realm.mode)).collect()
    };
    // One after the other, and in order of the buckets, so that two batches wait for each other instead of deadlocking.
    sqlx::query!(
        r#"
        SELECT pg_advisory_xact_lock_shared(hashtextextended(name, 0)) FROM UNNEST($1::TEXT[]) AS realms (name)
        UNION ALL
        SELECT CASE WHEN alone THEN pg_advisory_xact_lock($5, bucket) ELSE pg_advisory_xact_lock_shared($5, bucket) END
        FROM (SELECT (hashtextextended(name, 0) & ($4::BIGINT - 1))::INT AS bucket, bool_or(alone) AS alone
              FROM (SELECT UNNEST($2::TEXT[]), FALSE UNION ALL SELECT UNNEST($3::TEXT[]), TRUE) AS ids (name, alone)
              GROUP BY 1 ORDER BY 1 OFFSET 0) AS buckets
        "#,
        &realms,
        &names(&meetings.sharing),
        &names(&meetings.alone),
        BUCKETS,
        MEETING,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Waits until every batch of a project and mode has ended that began before. In a transaction of
/// its own, which ends at once: batches wait as long as it lasts.
pub(super) async fn wait(connection: &mut PgConnection, realm: Realm) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name(realm))
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Whether a batch of a project and mode could begin now; nobody who resettles is in the way.
pub(super) async fn is_free(connection: &mut PgConnection, realm: Realm) -> Result<bool, StoreError> {
    let free = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock_shared(hashtextextended($1, 0)) AS "free!""#,
        name(realm)
    )
    .fetch_one(connection)
    .await?;
    Ok(free)
}

fn name(realm: Realm) -> String {
    format!("settling:{}:{}", realm.project, realm.mode)
}
