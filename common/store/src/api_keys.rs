//! Keys of the REST API, as the HTTP side reads them.

use super::{PgConnection, StoreError, decode};
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

/// What `error` is in the answers to a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ErrorForm {
    /// The object of the API's document.
    #[default]
    Object,
    /// The message, with the object beside it: for clients that print `error` as it is.
    Text,
}

impl ErrorForm {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Object, Self::Text];

    /// As the table, the header and the command line write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Text => "text",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == text)
    }
}

/// What a key may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// Everything.
    #[default]
    Full,
    /// Reading.
    Read,
    /// Reading, payouts and decisions.
    Finance,
}

impl KeyRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Full, Self::Read, Self::Finance];

    /// As the table, the API and the command line write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Read => "read",
            Self::Finance => "finance",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A key that is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveKey {
    /// Names the key in limits and stored answers.
    pub id: i64,
    /// The only project and mode it opens.
    pub realm: Realm,
    /// What it may do.
    pub role: KeyRole,
    /// How errors are told to its holder.
    pub errors: ErrorForm,
}

/// The key with this digest, unless there is none or it was revoked.
pub async fn find_live(
    connection: &mut PgConnection,
    digest: KeyDigest,
) -> Result<Option<LiveKey>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, project_id, livemode, role, error_form FROM api_keys
         WHERE sha256 = $1 AND (revoked_at IS NULL OR revoked_at > now())",
        digest.0.as_slice(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(LiveKey {
            id: row.id,
            realm: Realm { project: ProjectId(row.project_id), mode: Mode::from_livemode(row.livemode) },
            // A role that this program does not know is no licence to do everything.
            role: KeyRole::parse(&row.role).ok_or_else(|| decode("a key of an unknown role"))?,
            errors: ErrorForm::parse(&row.error_form).unwrap_or_default(),
        })
    })
    .transpose()
}
