//! Passwords: how long they are, and argon2.

use crate::Error;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

/// NIST SP 800-63B (4.0) asks for 15 characters where a password stands alone, for 8 beside a second factor. Lock-outs and a
/// slow hash stand between.
const LEAST: usize = 12;
/// Far more than anybody types; what is hashed has a bound.
const MOST: usize = 1_024;

/// Of nobody: so that a name that does not exist takes as long as one that does.
const OF_NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$MkvPJYQ3hSJGI9R1Kg2r1jeoB0LXM8yQ0HxDVOYMxXY";

/// A password in clear, of a fitting length.
pub(super) struct Password(Vec<u8>);

impl Password {
    /// Reads a new one.
    pub(super) fn new(text: &str) -> Result<Self, Error> {
        if text.chars().count() < LEAST || text.len() > MOST {
            return Err(Error::invalid("password", format!("A password has {LEAST} to {MOST} characters")));
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    /// As somebody typed it who wants to sign in.
    pub(super) fn typed(text: &str) -> Option<Self> {
        (text.len() <= MOST).then(|| Self(text.as_bytes().to_vec()))
    }

    /// Argon2id with its recommended parameters (19 MiB, two passes) and a salt of its own.
    pub(super) async fn hash(self) -> Result<String, Error> {
        let hashed = tokio::task::spawn_blocking(move || {
            Argon2::default().hash_password(&self.0).map(|hash: PasswordHash| hash.to_string())
        });
        match hashed.await {
            Ok(Ok(hash)) => Ok(hash),
            Ok(Err(error)) => Err(Error::Defect("a password cannot be hashed", error.to_string().into())),
            Err(ended) => Err(Error::Defect("a password cannot be hashed", Box::new(ended))),
        }
    }

    /// Whether it is this one. Takes as long for no hash as for one.
    pub(super) async fn is(self, hash: Option<String>) -> bool {
        let known = hash.is_some();
        let checked = tokio::task::spawn_blocking(move || {
            let hash = hash.as_deref().unwrap_or(OF_NOBODY);
            let Ok(hash) = PasswordHash::new(hash) else { return false };
            Argon2::default().verify_password(&self.0, &hash).is_ok()
        });
        checked.await.unwrap_or(false) && known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_itself_and_no_other() {
        let hash = Password::new("correct horse battery").unwrap().hash().await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let other = Password::new("correct horse battery").unwrap().hash().await.unwrap();
        assert_ne!(hash, other);
        assert!(Password::typed("correct horse battery").unwrap().is(Some(hash.clone())).await);
        assert!(!Password::typed("correct horse batterz").unwrap().is(Some(hash)).await);
        assert!(!Password::typed("correct horse battery").unwrap().is(None).await);
    }

    #[test]
    fn the_hash_of_nobody_costs_as_much_as_one_of_somebody() {
        let hash = PasswordHash::new(OF_NOBODY).unwrap();
        assert_eq!(
            hash.params.to_string(),
            argon2::password_hash::phc::ParamsString::try_from(&argon2::Params::default())
                .unwrap()
                .to_string()
        );
        assert!(hash.hash.is_some());
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(Password::new("hunter42").is_err());
        assert!(Password::new(&"x".repeat(1_025)).is_err());
        assert!(Password::typed(&"x".repeat(1_025)).is_none());
    }
}
