//! Who may see an affiliate's own page.

use super::{PgConnection, StoreError, console_sessions::SessionDigest, realm};
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, Realm};

/// A link or a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Is given out, and becomes a cookie once.
    Link,
    /// Shows the page.
    Cookie,
}

/// Keeps a pass, and forgets those whose time is over.
///
/// # Errors
/// [`StoreError`]
pub async fn add(
    connection: &mut PgConnection,
    digest: SessionDigest,
    (affiliate, kind): (AffiliateId, Kind),
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM portal_passes WHERE sha256 IN
             (SELECT sha256 FROM portal_passes WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)",
        now,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO portal_passes (sha256, affiliate_id, is_link, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        digest.as_bytes(),
        affiliate.0,
        kind == Kind::Link,
        now,
        until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes a link, which is then gone, and tells whose it was.
///
/// # Errors
/// [`StoreError`]
pub async fn take_link(
    connection: &mut PgConnection,
    digest: SessionDigest,
    now: DateTime<Utc>,
) -> Result<Option<AffiliateId>, StoreError> {
    let id = sqlx::query_scalar!(
        "DELETE FROM portal_passes WHERE sha256 = $1 AND is_link AND expires_at > $2 RETURNING affiliate_id",
        digest.as_bytes(),
        now,
    );
    Ok(id.fetch_optional(connection).await?.map(AffiliateId))
}

/// Whose page a cookie shows.
///
/// # Errors
/// [`StoreError`]
pub async fn find_cookie(
    connection: &mut PgConnection,
    digest: SessionDigest,
    now: DateTime<Utc>,
) -> Result<Option<(AffiliateId, Realm)>, StoreError> {
    let row = sqlx::query!(
        "SELECT a.id, a.project_id, a.livemode FROM portal_passes p JOIN affiliates a ON a.id = p.affiliate_id
         WHERE p.sha256 = $1 AND NOT p.is_link AND p.expires_at > $2 AND a.closed_at IS NULL",
        digest.as_bytes(),
        now,
    );
    let row = row.fetch_optional(connection).await?;
    Ok(row.map(|row| (AffiliateId(row.id), realm(row.project_id, row.livemode))))
}
