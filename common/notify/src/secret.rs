//! What notifications are signed with.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;

/// What a secret in the form of Standard Webhooks begins with.
const PREFIX: &str = "whsec_";

/// The longest secret.
const MAX: usize = 255;

/// A secret that sender and receiver share.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a text cannot be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSecret {
    /// Nothing, too much, or what no header and no shell takes.
    #[error("must have 1 to 255 visible ASCII characters")]
    Form,
    /// It says that it is one of Standard Webhooks.
    #[error("begins with whsec_ and is not base64 after it")]
    Base64,
}

impl Secret {
    /// One of Standard Webhooks, of 256 bits that are random.
    #[must_use]
    pub fn of(random: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", STANDARD.encode(random)))
    }

    /// One that a caller brings along. `whsec_…` is taken as Standard Webhooks has it, anything else as its own bytes.
    ///
    /// # Errors
    /// [`UnusableSecret`]
    pub fn parse(text: &str) -> Result<Self, UnusableSecret> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX || !is_visible {
            return Err(UnusableSecret::Form);
        }
        match text.strip_prefix(PREFIX).map(|encoded| STANDARD.decode(encoded)) {
            Some(Err(_)) => Err(UnusableSecret::Base64),
            Some(Ok(key)) if key.is_empty() => Err(UnusableSecret::Base64),
            Some(Ok(_)) | None => Ok(Self(text.to_owned())),
        }
    }

    /// The secret in clear, as its holder has it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The key of a signature of Standard Webhooks.
    pub(crate) fn key(&self) -> Vec<u8> {
        let decoded = self.0.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
        decoded.unwrap_or_else(|| self.0.clone().into_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_of_standard_webhooks_or_its_own_bytes() {
        assert_eq!(Secret::of([7; 32]).key(), [7; 32]);
        assert_eq!(Secret::parse("s3cret").unwrap().key(), b"s3cret");
        for (text, problem) in [
            ("", UnusableSecret::Form),
            ("with a blank", UnusableSecret::Form),
            ("whsec_", UnusableSecret::Base64),
            ("whsec_*", UnusableSecret::Base64),
        ] {
            assert_eq!(Secret::parse(text).unwrap_err(), problem, "{text}");
        }
        assert_eq!(Secret::parse(&"x".repeat(256)).unwrap_err(), UnusableSecret::Form);
    }

    #[test]
    fn no_log_shows_it() {
        assert_eq!(format!("{:?}", Secret::parse("s3cret").unwrap()), "Secret(…)");
    }
}
