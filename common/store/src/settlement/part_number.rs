//! The numbers that name the parts of a long history.

use domain::key::Key;
use sha2::{Digest, Sha256};

/// The part of what concerns no payment.
pub(super) const NO_PAYMENT: i64 = 0;

/// The number of the part that a payment's key begins.
pub(super) fn number(key: &Key) -> i64 {
    let hash: [u8; 32] = Sha256::digest(key.as_str()).into();
    // Two payments with one number would be read together, which is all.
    hash.first_chunk().copied().map(i64::from_be_bytes).filter(|number| *number != NO_PAYMENT).unwrap_or(1)
}
