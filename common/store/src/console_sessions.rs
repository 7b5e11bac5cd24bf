//! Who is signed in to the console.

use super::{PgConnection, StoreError, decode, users::UserRole};
use chrono::{DateTime, Utc};
use domain::ids::UserId;
use sha2::{Digest, Sha256};

/// The SHA-256 of a session's value: all that is ever stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionDigest([u8; 32]);

impl SessionDigest {
    /// Of a session's value as its cookie has it. 256 random bits need no salt.
    #[must_use]
    pub fn of(value: &str) -> Self {
        Self(Sha256::digest(value.as_bytes()).into())
    }

    /// For a statement.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// A session to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewSession {
    /// What its cookie is recognised by.
    pub digest: SessionDigest,
    /// Who is signed in.
    pub user: UserId,
    /// Whether a proxy's header did it.
    pub by_proxy: bool,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// By name.
    pub name: String,
    /// What they may do.
    pub role: UserRole,
    /// Whether a proxy's header signed them in.
    pub by_proxy: bool,
}

/// Keeps a session, and forgets those whose time is over.
///
/// # Errors
/// [`StoreError`]
pub async fn open(connection: &mut PgConnection, new: NewSession) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM console_sessions WHERE sha256 IN
             (SELECT sha256 FROM console_sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1000)",
        new.from,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO console_sessions (sha256, user_id, by_proxy, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        new.digest.0.as_slice(),
        new.user.0,
        new.by_proxy,
        new.from,
        new.until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whose session it is; nobody's when its time is over, they signed out or were disabled.
///
/// # Errors
/// [`StoreError`]
pub async fn find(
    connection: &mut PgConnection,
    digest: SessionDigest,
    now: DateTime<Utc>,
) -> Result<Option<SignedIn>, StoreError> {
    let row = sqlx::query!(
        "SELECT u.id, u.name, u.role, s.by_proxy
         FROM console_sessions s JOIN users u ON u.id = s.user_id
         WHERE s.sha256 = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL",
        digest.0.as_slice(),
        now,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(SignedIn {
            user: UserId(row.id),
            name: row.name,
            role: UserRole::parse(&row.role).ok_or_else(|| decode("a user of an unknown role"))?,
            by_proxy: row.by_proxy,
        })
    })
    .transpose()
}

/// Ends a session.
///
/// # Errors
/// [`StoreError`]
pub async fn close(connection: &mut PgConnection, digest: SessionDigest) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM console_sessions WHERE sha256 = $1", digest.0.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}
