//! Texts that an index can hold.

use sha2::{Digest, Sha256};

/// Bytes of the longest text that is kept as it is. No id (255 characters), address (512) or code of
/// Stripe's or anybody's comes near it, and PostgreSQL indexes rows of up to 2,700 bytes.
const MOST: usize = 1_000;

/// Bytes of a longer text that are kept for people to see.
const KEPT: usize = 400;

/// The text, or where it is too long its beginning and its digest: two that differ stay two.
pub(crate) fn bounded(text: String) -> String {
    if text.len() <= MOST {
        return text;
    }
    let beginning = text.get(..text.floor_char_boundary(KEPT)).unwrap_or_default();
    format!("{beginning}…{}", hex::encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shortened_and_stays_different_from_others() {
        let long = "ä".repeat(MOST);
        let short = "ä".repeat(MOST / 2);
        assert_eq!(bounded(short.clone()), short);
        let shortened = bounded(long.clone());
        assert!(shortened.len() < MOST);
        assert_ne!(bounded(format!("{long}!")), shortened);
        assert_eq!(bounded(long), shortened);
    }
}
