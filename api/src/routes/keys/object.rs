//! API keys as clients see them.

use crate::answer::timestamp;
use crate::openapi::values::{ErrorFormWord, KeyRoleWord};
use serde::Serialize;
use store::keys::{ApiKey, SecretKey};
use utoipa::ToSchema;

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct Key {
    id: i64,
    /// The actor of what is done with it.
    name: String,
    /// The first characters of its secret.
    #[schema(example = "rgk_0123abcd")]
    prefix: String,
    /// `full`, `read` (GET only) or `finance` (reads, payouts, decisions).
    #[schema(value_type = KeyRoleWord)]
    role: &'static str,
    /// What `error` is in answers to it.
    #[schema(value_type = ErrorFormWord)]
    errors: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it stopped being valid.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl Key {
    pub(super) const COLUMNS: &'static [&'static str] =
        &["id", "name", "prefix", "role", "errors", "created_at", "revoked_at"];
}

impl From<ApiKey> for Key {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            role: key.role.as_str(),
            errors: key.errors.as_str(),
            created_at: timestamp(key.created_at),
            revoked_at: key.revoked_at.map(timestamp),
        }
    }
}

/// A new API key.
#[derive(Serialize, ToSchema)]
#[schema(as = NewApiKey)]
pub(crate) struct NewKey {
    #[serde(flatten)]
    key: Key,
    /// The secret, shown this once: null when the answer is repeated for an `Idempotency-Key`.
    #[schema(example = "rgk_0123abcd…")]
    api_key: Option<String>,
}

impl NewKey {
    pub(super) fn new(key: ApiKey, secret: Option<&SecretKey>) -> Self {
        Self { key: key.into(), api_key: secret.map(|secret| secret.expose().to_owned()) }
    }
}
