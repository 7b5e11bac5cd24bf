//! Secrets in the database: sealed when there is a key for that (`SECRETS_KEY`), else in clear.
//!
//! XChaCha20-Poly1305 under the SHA-256 of the key, with a nonce of its own each: 24 random bytes never meet again.

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use std::fmt;

const PLAIN: &str = "plain:";
const SEALED: &str = "sealed:1:";
const NONCE: usize = 24;

/// Seals and opens secrets of one kind: one that was sealed as something else is not opened.
#[derive(Clone)]
pub struct Sealer {
    cipher: Option<XChaCha20Poly1305>,
    kind: &'static str,
}

/// Why a stored secret cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is sealed, and there is no key.
    #[error("it is sealed and SECRETS_KEY is not set")]
    NoKey,
    /// It was sealed under another key, or damaged.
    #[error("it was sealed under another SECRETS_KEY, or is damaged")]
    OtherKey,
    /// This program did not write it.
    #[error("it has an unknown form")]
    Form,
}

impl Sealer {
    /// Seals under this key; without one everything is stored in clear.
    #[must_use]
    pub fn new(key: Option<&str>, kind: &'static str) -> Self {
        let cipher = key.map(|key| XChaCha20Poly1305::new(&Sha256::digest(key.as_bytes())));
        Self { cipher, kind }
    }

    /// Whether there is a key.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.cipher.is_some()
    }

    /// The form in which a secret is stored.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a nonce is what nobody made before")]
    pub fn seal(&self, secret: &str) -> String {
        let nonce: [u8; NONCE] = rand::random();
        let sealed = self.cipher.as_ref().and_then(|cipher| {
            let payload = Payload { msg: secret.as_bytes(), aad: self.kind.as_bytes() };
            cipher.encrypt(&XNonce::from(nonce), payload).ok()
        });
        match sealed {
            Some(sealed) => format!("{SEALED}{}", STANDARD.encode([&nonce[..], &sealed].concat())),
            // Sealing fails for texts of 256 GiB alone.
            None => format!("{PLAIN}{secret}"),
        }
    }

    /// The secret again.
    ///
    /// # Errors
    /// [`Unreadable`]
    pub fn open(&self, stored: &str) -> Result<String, Unreadable> {
        if let Some(plain) = stored.strip_prefix(PLAIN) {
            return Ok(plain.to_owned());
        }
        let encoded = stored.strip_prefix(SEALED).ok_or(Unreadable::Form)?;
        let cipher = self.cipher.as_ref().ok_or(Unreadable::NoKey)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| Unreadable::Form)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Unreadable::Form)?;
        let payload = Payload { msg: sealed, aad: self.kind.as_bytes() };
        let opened = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Unreadable::OtherKey)?;
        String::from_utf8(opened).map_err(|_| Unreadable::Form)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({}, {})", self.kind, if self.has_key() { "sealed" } else { "in clear" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_is_opened_by_its_key_alone() {
        let sealer = Sealer::new(Some("key"), "webhook");
        let (one, other) = (sealer.seal("whsec_1"), sealer.seal("whsec_1"));
        assert_ne!(one, other, "a nonce each");
        assert!(!one.contains("whsec_1"));
        assert_eq!(sealer.open(&one).as_deref(), Ok("whsec_1"));
        assert_eq!(Sealer::new(Some("other"), "webhook").open(&one), Err(Unreadable::OtherKey));
        assert_eq!(Sealer::new(Some("key"), "something else").open(&one), Err(Unreadable::OtherKey));
        assert_eq!(Sealer::new(None, "webhook").open(&one), Err(Unreadable::NoKey));
        let damaged = format!("{}A", one.get(..one.len() - 1).unwrap());
        assert!(sealer.open(&damaged).is_err());
    }

    #[test]
    fn without_a_key_it_is_in_clear_and_stays_readable_when_there_is_one() {
        let plain = Sealer::new(None, "webhook").seal("sealed:1:whatever");
        assert_eq!(plain, "plain:sealed:1:whatever");
        assert_eq!(Sealer::new(Some("key"), "webhook").open(&plain).as_deref(), Ok("sealed:1:whatever"));
        assert_eq!(Sealer::new(None, "webhook").open("whsec_1"), Err(Unreadable::Form));
    }
}
