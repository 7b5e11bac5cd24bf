//! Who asks, and from where.

use crate::{client::Client, cookies, failure::Failure, form, origin};
use axum::{extract::FromRequestParts, http::request};
use std::sync::Arc;
use store::console_sessions::{SessionDigest, SignedIn};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) who: Arc<SignedIn>,
    /// What recognises the session.
    pub(crate) digest: SessionDigest,
    /// What a form of theirs carries.
    pub(crate) token: Arc<str>,
    /// Whether their cookies go over HTTPS alone.
    pub(crate) secure: bool,
}

impl Person {
    /// Whose cookie it is.
    pub(crate) fn new(who: SignedIn, value: &str, digest: SessionDigest, secure: bool) -> Self {
        Self { who: Arc::new(who), digest, token: form::token_of(value).into(), secure }
    }
}

impl<S: Sync> FromRequestParts<S> for Person {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or(Failure::SignedOut)
    }
}

/// How a request reached us.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// Whether cookies go over HTTPS alone.
    pub(crate) secure: bool,
    /// Where from.
    pub(crate) client: Client,
}

impl Reached {
    pub(crate) fn of(parts: &request::Parts) -> Option<Self> {
        let client = parts.extensions.get::<Client>()?.clone();
        let secure = cookies::must_be_secure(&client, origin::host(&parts.headers, &parts.uri));
        Some(Self { secure, client })
    }
}
