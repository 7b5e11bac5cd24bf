//! The numbers that name the parts of a long history.

use domain::key::Key;
use domain::settle::Division;
use sha2::{Digest, Sha256};

/// What belongs to no part.
pub(super) const NO_PART: i64 = 0;

/// The number of the part that a key begins. A history whose parts become others has other numbers.
pub(super) fn number(division: Division, key: &Key) -> i64 {
    let hash = match division {
        Division::Payments => Sha256::digest(key.as_str()),
        Division::People => Sha256::new().chain_update("person of ").chain_update(key.as_str()).finalize(),
    };
    let hash: [u8; 32] = hash.into();
    // Two parts with one number would be read together, which is all.
    hash.first_chunk().copied().map(i64::from_be_bytes).filter(|number| *number != NO_PART).unwrap_or(1)
}
