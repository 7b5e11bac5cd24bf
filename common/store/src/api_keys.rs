//! Keys of the REST API, as the HTTP side reads them.

use super::{PgConnection, StoreError};
use domain::ids::{Mode, ProjectId, Realm};
use sha2::{Digest, Sha256};

/// The SHA-256 of a key: all that is ever stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyDigest(pub [u8; 32]);

impl KeyDigest {
    /// Of a key as its holder sends it. 256 random bits need no salt.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }
}

/// A key that is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveKey {
    /// Names the key in limits and stored answers.
    pub id: i64,
    /// The only project and mode it opens.
    pub realm: Realm,
}

/// The key with this digest, unless there is none or it was revoked.
pub async fn find_live(
    connection: &mut PgConnection,
    digest: KeyDigest,
) -> Result<Option<LiveKey>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, project_id, livemode FROM api_keys
         WHERE sha256 = $1 AND (revoked_at IS NULL OR revoked_at > now())",
        digest.0.as_slice(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| LiveKey {
        id: row.id,
        realm: Realm { project: ProjectId(row.project_id), mode: Mode::from_livemode(row.livemode) },
    }))
}
