//! Ids that look like Stripe's and are the same every time.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The `number`th id of a kind, with `length` characters after the prefix.
pub(super) fn id(prefix: &str, number: u64, length: usize) -> String {
    grow(prefix, hash(prefix.as_bytes(), number), length)
}

/// An id that follows from some words.
pub(super) fn id_of(prefix: &str, words: &[&str], length: usize) -> String {
    let seed = words.iter().fold(hash(prefix.as_bytes(), 0), |seed, word| hash(word.as_bytes(), seed));
    grow(prefix, seed, length)
}

fn grow(prefix: &str, seed: u64, length: usize) -> String {
    let mut text = String::with_capacity(prefix.len() + length);
    text.push_str(prefix);
    let mut state = seed;
    for _ in 0..length {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let letter = usize::try_from(mix(state) % 62).ok().and_then(|index| ALPHABET.get(index));
        text.push(char::from(letter.copied().unwrap_or(b'0')));
    }
    text
}

/// FNV-1a, mixed with a number.
fn hash(bytes: &[u8], number: u64) -> u64 {
    let start = mix(number ^ 0xcbf2_9ce4_8422_2325);
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finalizer of `SplitMix64`.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
