//! A code for an affiliate that names none.

/// Letters and digits that nobody takes for one another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const BITS: u64 = 5;
const LENGTH: u64 = 8;

/// A code of 40 random bits: unlikely to be taken, but not impossible.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "it is what it says")]
pub fn random_code() -> String {
    let random: u64 = rand::random();
    let letter = |place: u64| {
        let index = usize::try_from((random >> (place * BITS)) % 32).ok()?;
        ALPHABET.get(index).copied().map(char::from)
    };
    (0..LENGTH).filter_map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_eight_plain_letters() {
        let codes: std::collections::BTreeSet<String> = (0..100).map(|_| random_code()).collect();
        assert_eq!(codes.len(), 100);
        assert!(
            codes.iter().all(|code| code.len() == 8 && code.bytes().all(|byte| ALPHABET.contains(&byte)))
        );
    }
}
