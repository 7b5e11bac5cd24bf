//! What a form sent, and the token by which it is known to be ours.

use axum::{extract::FromRequestParts, http::request};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use subtle::ConstantTimeEq;

use crate::failure::Failure;

/// The hidden field of every form.
pub(crate) const TOKEN: &str = "token";

/// The longest body of a form: rules in writing are a few kilobytes.
pub(crate) const MAX_FORM: usize = 256 * 1024;

/// Fields of a form. The guard has looked at its token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Posted(HashMap<String, Vec<String>>);

impl Posted {
    /// Reads a body as a browser sends it.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            // No text of ours has a NUL, and PostgreSQL takes none.
            fields.entry(name.into_owned()).or_default().push(value.replace('\0', "\u{fffd}"));
        }
        Self(fields)
    }

    /// A field without the blanks around it; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", |value| value.trim())
    }

    /// A field as it was typed.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }
}

impl<S: Sync> FromRequestParts<S> for Posted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.remove::<Self>().ok_or(Failure::Forged)
    }
}

/// The token of a session: known to whoever has the cookie, and to the pages that we give to them. The cookie cannot be told
/// from it.
pub(crate) fn token_of(cookie: &str) -> String {
    let digest = Sha256::new().chain_update(b"tributary console form\0").chain_update(cookie).finalize();
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a form's token is the one of this cookie.
pub(crate) fn is_token_of(cookie: &str, token: &str) -> bool {
    token_of(cookie).as_bytes().ct_eq(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_cookie_alone() {
        let token = token_of("abc");
        assert!(is_token_of("abc", &token));
        assert!(!is_token_of("abd", &token));
        assert!(!is_token_of("abc", ""));
        assert!(!token.contains("abc"));
    }

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let posted = Posted::read(b"reason=a+b%26c&id=1&id=2&nul=%00x&blank=+x+");
        assert_eq!(posted.text("reason"), "a b&c");
        assert_eq!(posted.text("nul"), "\u{fffd}x");
        assert_eq!((posted.text("blank"), posted.raw("blank")), ("x", " x "));
        assert_eq!(posted.text("absent"), "");
    }
}
