//! Comparisons of a provider's events with the inbox.

use super::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use domain::key::Key;
use std::collections::BTreeSet;

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// The project and mode.
    pub realm: Realm,
    /// Events from then on.
    pub since: DateTime<Utc>,
    /// Up to then.
    pub until: DateTime<Utc>,
    /// How many there are of the types that are read.
    pub seen: usize,
    /// Those that were not in the inbox.
    pub missing: Vec<String>,
}

/// Writes one down.
///
/// # Errors
/// [`StoreError`]
pub async fn add(
    connection: &mut PgConnection,
    done: &Reconciliation,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO reconciliations (project_id, livemode, since, until, seen, missing, finished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        done.realm.project.0,
        done.realm.mode.is_live(),
        done.since,
        done.until,
        i64::try_from(done.seen).unwrap_or(i64::MAX),
        &done.missing,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When the last one of a project and mode was done.
///
/// # Errors
/// [`StoreError`]
pub async fn last(connection: &mut PgConnection, of: Realm) -> Result<Option<DateTime<Utc>>, StoreError> {
    let last = sqlx::query_scalar!(
        "SELECT max(finished_at) FROM reconciliations WHERE project_id = $1 AND livemode = $2",
        of.project.0,
        of.mode.is_live(),
    );
    Ok(last.fetch_one(connection).await?)
}

/// How many events the last comparison of each project and mode found missing, in sum.
///
/// # Errors
/// [`StoreError`]
pub async fn missing(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let missing = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(cardinality(missing)), 0)::BIGINT AS "missing!" FROM (
             SELECT DISTINCT ON (project_id, livemode) missing FROM reconciliations
             ORDER BY project_id, livemode, finished_at DESC) AS last"#
    );
    Ok(missing.fetch_one(connection).await?)
}

/// Which of these facts, by their natural keys, nobody has told, where the payment of that key is not in the ledger either.
///
/// # Errors
/// [`StoreError`]
pub async fn unknown(
    connection: &mut PgConnection,
    of: Realm,
    facts: &[(&str, Option<&Key>)],
) -> Result<BTreeSet<String>, StoreError> {
    let unknown = sqlx::query_scalar!(
        r#"SELECT asked.natural_key AS "natural_key!"
         FROM UNNEST($3::TEXT[], $4::TEXT[]) AS asked (natural_key, payment)
         WHERE NOT EXISTS (SELECT FROM facts f
                           WHERE f.project_id = $1 AND f.livemode = $2 AND f.natural_key = asked.natural_key)
           AND NOT EXISTS (SELECT FROM identity_keys k
                           WHERE k.project_id = $1 AND k.livemode = $2 AND k.key = asked.payment
                             AND k.conversion_id IS NOT NULL)"#,
        of.project.0,
        of.mode.is_live(),
        &facts.iter().map(|(natural_key, _)| (*natural_key).to_owned()).collect::<Vec<_>>(),
        &facts.iter().map(|(_, payment)| payment.map(|key| key.as_str().to_owned())).collect::<Vec<_>>()
            as &[Option<String>],
    );
    Ok(unknown.fetch_all(connection).await?.into_iter().collect())
}
