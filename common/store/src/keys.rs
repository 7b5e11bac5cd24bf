//! What opens a project: the keys of the REST API and the secrets of Stripe's webhooks.

use super::{
    PgConnection, StoreError,
    api_keys::{ErrorForm, KeyDigest, KeyRole},
    decode,
    page::{Page, Rows},
};
use chrono::{DateTime, Utc};
use domain::ids::{Mode, ProjectId, Realm};
use std::fmt;

/// What every key begins with.
const KEY_PREFIX: &str = "rgk_";
/// How much of a key is kept for recognising it: 32 of its 256 random bits.
const SHOWN: usize = KEY_PREFIX.len() + 8;

/// A new key, in clear: shown once, never stored.
pub struct SecretKey(String);

impl SecretKey {
    /// A key of 256 random bits.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a key is a secret")]
    pub fn generate() -> Self {
        Self(format!("{KEY_PREFIX}{}", hex::encode(rand::random::<[u8; 32]>())))
    }

    /// The key in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first characters, by which a person recognises it.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.get(..SHOWN).unwrap_or(&self.0)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}…)", self.prefix())
    }
}

/// A key as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Names it for revocation.
    pub id: i64,
    /// The only project and mode it opens.
    pub realm: Realm,
    /// For people.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may do.
    pub role: KeyRole,
    /// How errors are told to its holder.
    pub errors: ErrorForm,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stopped being valid.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A key to be made.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewKey<'a> {
    /// For people; the actor of what is done with it.
    pub name: &'a str,
    /// What it may do.
    pub role: KeyRole,
    /// How errors are told to its holder.
    pub errors: ErrorForm,
}

/// Stores a key's digest, so that the key opens its project. The project must exist.
///
/// # Errors
/// [`StoreError`]
pub async fn create(
    connection: &mut PgConnection,
    realm: Realm,
    new: NewKey<'_>,
    key: &SecretKey,
) -> Result<ApiKey, StoreError> {
    let digest = KeyDigest::of(key.expose());
    let row = sqlx::query!(
        "INSERT INTO api_keys (project_id, livemode, name, prefix, sha256, role, error_form)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         RETURNING id, created_at",
        realm.project.0,
        realm.mode.is_live(),
        new.name,
        key.prefix(),
        digest.0.as_slice(),
        new.role.as_str(),
        new.errors.as_str(),
    )
    .fetch_one(connection)
    .await?;
    Ok(ApiKey {
        id: row.id,
        realm,
        name: new.name.to_owned(),
        prefix: key.prefix().to_owned(),
        role: new.role,
        errors: new.errors,
        created_at: row.created_at,
        revoked_at: None,
    })
}

struct Row {
    id: i64,
    project_id: i64,
    livemode: bool,
    name: String,
    prefix: String,
    role: String,
    error_form: String,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for ApiKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            realm: crate::realm(row.project_id, row.livemode),
            name: row.name,
            prefix: row.prefix,
            role: KeyRole::parse(&row.role).ok_or_else(|| decode("a key of an unknown role"))?,
            errors: ErrorForm::parse(&row.error_form).unwrap_or_default(),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// A project's keys of both modes, also revoked ones, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn list(connection: &mut PgConnection, project: ProjectId) -> Result<Vec<ApiKey>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, project_id, livemode, name, prefix, role, error_form, created_at, revoked_at FROM api_keys
         WHERE project_id = $1 ORDER BY id",
        project.0,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// A page of the keys of a project and mode, also revoked ones, the newest first.
///
/// # Errors
/// [`StoreError`]
pub async fn page(
    connection: &mut PgConnection,
    realm: Realm,
    page: &Page,
) -> Result<Rows<ApiKey>, StoreError> {
    let (bound_at, bound_id) = page.bound();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, project_id, livemode, name, prefix, role, error_form, created_at, revoked_at FROM api_keys
         WHERE project_id = $1 AND livemode = $2 AND (created_at, id) < ($3, $4)
         ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6",
        realm.project.0,
        realm.mode.is_live(),
        bound_at,
        bound_id,
        page.limit.saturating_add(1),
        page.offset,
    )
    .fetch_all(connection)
    .await?;
    let keys = rows.into_iter().map(ApiKey::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Rows::cut(keys, page))
}

/// How many keys a project and mode has, also revoked ones.
///
/// # Errors
/// [`StoreError`]
pub async fn count(connection: &mut PgConnection, realm: Realm) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM api_keys WHERE project_id = $1 AND livemode = $2"#,
        realm.project.0,
        realm.mode.is_live(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// The key with this number, also when it was revoked.
///
/// # Errors
/// [`StoreError`]
pub async fn find(connection: &mut PgConnection, id: i64) -> Result<Option<ApiKey>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, project_id, livemode, name, prefix, role, error_form, created_at, revoked_at FROM api_keys
         WHERE id = $1",
        id,
    );
    row.fetch_optional(connection).await?.map(ApiKey::try_from).transpose()
}

/// Whether a project has a key of this mode that is valid.
///
/// # Errors
/// [`StoreError`]
pub async fn is_used(connection: &mut PgConnection, realm: Realm) -> Result<bool, StoreError> {
    let used = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM api_keys
                          WHERE project_id = $1 AND livemode = $2 AND (revoked_at IS NULL OR revoked_at > now())) AS "used!""#,
        realm.project.0,
        realm.mode.is_live(),
    );
    Ok(used.fetch_one(connection).await?)
}

/// Ends a key from now on. Once ended it stays so; `false` when the project has no such key that
/// is still valid.
///
/// # Errors
/// [`StoreError`]
pub async fn revoke(connection: &mut PgConnection, project: ProjectId, id: i64) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND project_id = $2 AND revoked_at IS NULL",
        id,
        project.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A webhook secret as it is listed: without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSecret {
    /// Names it for revocation.
    pub id: i64,
    /// The mode of the events that it signs.
    pub mode: Mode,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it stopped being valid.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Adds a webhook secret beside those that are valid. The project must exist; a secret it has
/// already is refused by the constraint `stripe_endpoints_secret_key`.
///
/// # Errors
/// [`StoreError`]
pub async fn add_webhook_secret(
    connection: &mut PgConnection,
    realm: Realm,
    secret: &str,
) -> Result<WebhookSecret, StoreError> {
    let row = sqlx::query!(
        "INSERT INTO stripe_endpoints (project_id, livemode, secret) VALUES ($1, $2, $3)
         RETURNING id, created_at",
        realm.project.0,
        realm.mode.is_live(),
        secret.trim(),
    )
    .fetch_one(connection)
    .await?;
    Ok(WebhookSecret { id: row.id, mode: realm.mode, created_at: row.created_at, revoked_at: None })
}

/// A project's webhook secrets of both modes, also revoked ones, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn list_webhook_secrets(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<Vec<WebhookSecret>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, livemode, created_at, revoked_at FROM stripe_endpoints WHERE project_id = $1 ORDER BY id",
        project.0,
    )
    .fetch_all(connection)
    .await?;
    let secrets = rows.into_iter().map(|row| WebhookSecret {
        id: row.id,
        mode: Mode::from_livemode(row.livemode),
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    });
    Ok(secrets.collect())
}

/// Ends a webhook secret from now on. `false` when the project has no such secret that is still
/// valid.
///
/// # Errors
/// [`StoreError`]
pub async fn revoke_webhook_secret(
    connection: &mut PgConnection,
    project: ProjectId,
    id: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE stripe_endpoints SET revoked_at = now()
         WHERE id = $1 AND project_id = $2 AND revoked_at IS NULL",
        id,
        project.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_256_random_bits_and_shows_only_its_beginning() {
        let (one, other) = (SecretKey::generate(), SecretKey::generate());
        assert_eq!(one.expose().len(), KEY_PREFIX.len() + 64);
        assert_ne!(one.expose(), other.expose());
        assert!(one.expose().starts_with(one.prefix()) && one.prefix().len() == SHOWN);
        assert!(!format!("{one:?}").contains(one.expose()));
    }
}
