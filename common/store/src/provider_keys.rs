//! The keys with which providers are asked, of each project and mode its own.

use super::{PgConnection, StoreError, decode, realm};
use chrono::{DateTime, Utc};
use domain::ids::{ProjectId, Realm};
use domain::provider::Provider;
use std::fmt;

/// A key as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderKey {
    /// Whose payments it reads.
    pub realm: Realm,
    /// Of whom.
    pub provider: Provider,
    /// The key in the form that `sealing` gives it: sealed, or in clear.
    pub secret: String,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { realm, provider, .. } = self;
        write!(f, "ProviderKey({provider} of {realm:?})")
    }
}

/// Keeps a key in place of the one before.
///
/// # Errors
/// [`StoreError`]
pub async fn set(
    connection: &mut PgConnection,
    realm: Realm,
    provider: Provider,
    secret: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO provider_keys (project_id, livemode, provider, secret) VALUES ($1, $2, $3, $4)
         ON CONFLICT (project_id, livemode, provider)
         DO UPDATE SET secret = excluded.secret, created_at = now()",
        realm.project.0,
        realm.mode.is_live(),
        provider.as_str(),
        secret,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a key. `false` when there is none.
///
/// # Errors
/// [`StoreError`]
pub async fn remove(
    connection: &mut PgConnection,
    realm: Realm,
    provider: Provider,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM provider_keys WHERE project_id = $1 AND livemode = $2 AND provider = $3",
        realm.project.0,
        realm.mode.is_live(),
        provider.as_str(),
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

/// The keys of a project, or of all of them.
///
/// # Errors
/// [`StoreError`]
pub async fn list(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Vec<ProviderKey>, StoreError> {
    let rows = sqlx::query!(
        "SELECT project_id, livemode, provider, secret, created_at FROM provider_keys
         WHERE $1::BIGINT IS NULL OR project_id = $1
         ORDER BY project_id, livemode, provider",
        project.map(|project| project.0),
    )
    .fetch_all(connection)
    .await?;
    let key = rows.into_iter().map(|row| {
        Ok(ProviderKey {
            realm: realm(row.project_id, row.livemode),
            provider: Provider::parse(&row.provider).ok_or_else(|| decode("a key of an unknown provider"))?,
            secret: row.secret,
            created_at: row.created_at,
        })
    });
    key.collect()
}
