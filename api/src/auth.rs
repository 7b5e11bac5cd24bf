//! Who calls: API keys, looked up by their SHA-256 and remembered for moments.

use crate::error::ApiError;
use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, header, request};
use domain::ids::{ProjectId, Realm};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::api_keys::{self, ErrorForm, KeyDigest, KeyRole, LiveKey};
use store::{PgPool, StoreError};

/// How long a key is believed without asking: a revoked one works that much longer, and no more.
const BELIEVED_FOR: Duration = Duration::from_secs(2);

/// Keys remembered. Guesses do not fill memory, and push out no key that is valid.
const MAX_REMEMBERED: usize = 10_000;

/// The caller of a request: its key, and the project and mode that the key opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) key: i64,
    pub(crate) realm: Realm,
    pub(crate) role: KeyRole,
    pub(crate) errors: ErrorForm,
}

impl Caller {
    /// Refuses a path that names another project.
    pub(crate) fn must_own(&self, project: ProjectId) -> Result<(), ApiError> {
        if self.realm.project == project {
            return Ok(());
        }
        Err(ApiError::Forbidden(format!("This API key belongs to another project than {project}")))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().copied().ok_or(UNAUTHORIZED)
    }
}

const UNAUTHORIZED: ApiError = ApiError::Unauthorized("Send your API key: Authorization: Bearer rgk_…");

/// What is remembered of a key.
enum Memory {
    /// That it is valid, or that it is not.
    Fresh(Option<LiveKey>),
    /// Nothing of late.
    None,
}

/// The keys that were seen lately.
pub(crate) struct Keys {
    pool: PgPool,
    seen: Mutex<HashMap<KeyDigest, (Instant, Option<LiveKey>)>>,
}

impl Keys {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, seen: Mutex::default() }
    }

    /// Tells who calls.
    pub(crate) async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let digest = KeyDigest::of(bearer(headers).ok_or(UNAUTHORIZED)?);
        let key = match self.remembered(digest) {
            Memory::Fresh(key) => key,
            Memory::None => self.look_up(digest).await?,
        };
        let key = key.ok_or(ApiError::Unauthorized("This API key is unknown or was revoked"))?;
        Ok(Caller { key: key.id, realm: key.realm, role: key.role, errors: key.errors })
    }

    /// How errors are told to the holder of this key, as far as that is known without asking.
    pub(crate) fn last_error_form(&self, authorization: &HeaderValue) -> Option<ErrorForm> {
        let digest = KeyDigest::of(key_of(authorization)?);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&digest).and_then(|(_, key)| key.map(|key| key.errors))
    }

    fn remembered(&self, digest: KeyDigest) -> Memory {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get(&digest) {
            Some((at, key)) if at.elapsed() < BELIEVED_FOR => Memory::Fresh(*key),
            Some(_) | None => Memory::None,
        }
    }

    async fn look_up(&self, digest: KeyDigest) -> Result<Option<LiveKey>, StoreError> {
        let key = api_keys::find_live(&mut *self.pool.acquire().await?, digest).await?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_REMEMBERED {
            seen.retain(|_, (at, key)| at.elapsed() < BELIEVED_FOR && key.is_some());
        }
        if seen.len() < MAX_REMEMBERED {
            seen.insert(digest, (Instant::now(), key));
        }
        Ok(key)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    key_of(headers.get(header::AUTHORIZATION)?)
}

fn key_of(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, key) = authorization.to_str().ok()?.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case() {
        let headers =
            |value| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
        assert_eq!(bearer(&headers("Bearer rgk_1")), Some("rgk_1"));
        assert_eq!(bearer(&headers("bearer  rgk_1 ")), Some("rgk_1"));
        assert_eq!(bearer(&headers("Basic rgk_1")), None);
        assert_eq!(bearer(&headers("Bearer ")), None);
        assert_eq!(bearer(&headers("rgk_1")), None);
    }
}
