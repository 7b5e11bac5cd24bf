//! The fingerprint of what a payout froze.

use domain::payout::Planned;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// SHA-256 of `affiliate:currency:amount` and one line `conversion:amount` an item, in order of the
/// conversions and each ended by a line feed. `verify` computes it again in SQL.
pub(super) fn fingerprint(payout: &Planned) -> Vec<u8> {
    let Planned { affiliate, amount, items } = payout;
    let mut text = format!("{affiliate}:{}:{}\n", amount.currency, amount.minor);
    for (conversion, minor) in items {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{conversion}:{minor}");
    }
    Sha256::digest(text.as_bytes()).to_vec()
}
