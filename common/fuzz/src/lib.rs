//! What strangers send is read by few functions, and each of them is given what is near to what it usually gets.
//!
//! A target has a folder of seeds, `tests/data/fuzz/NAME`. [`target`] gives it each seed as it is, then seeds that were changed: bytes set, taken
//! away, doubled, joined with another seed's, and words put in that readers stumble over. What fails is made as small as it can be
//! and told; written into the folder it stays there. `FUZZ_CASES=1000000` tries more, `FUZZ_RANDOM=1` others.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::path::{Path, PathBuf};

/// How many cases a run of the tests tries of each target.
const CASES: u32 = 3_000;

/// The most changes of one seed.
const CHANGES: usize = 6;

/// The longest text that is told as a text.
const TOLD: usize = 2_000;

/// What readers stumble over.
const WORDS: [&str; 40] = [
    "\0",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\u{202e}",
    "\u{feff}",
    "é",
    "ß",
    "İ",
    "\u{1f600}",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-0",
    "-1",
    "1e400",
    "1E-400",
    "0.1",
    "00",
    "+1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "NaN",
    "=",
    "&",
    "%",
    "%00",
    "%ff",
    "t=",
    "v1=",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// A change of bytes. Places are taken modulo what is there.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Take(usize, usize),
    Double(usize, usize),
    Put(usize, usize),
    PutByte(usize, u8),
    Cut(usize),
    Join(usize, usize, usize),
}

/// Gives a target its seeds, and what is near them.
///
/// # Panics
/// When the target does, or has no seeds.
pub fn target(name: &str, read: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/fuzz").join(name);
    let seeds = seeds(&folder);
    assert!(!seeds.is_empty(), "{} has no seeds", folder.display());
    for seed in &seeds {
        read(seed);
    }
    let mut runner = runner();
    let outcome = runner.run(&changes(), |(seed, changes)| {
        let bytes = changed(&seeds, seed, &changes);
        // A panic is what is looked for; the runner catches it.
        read(&bytes);
        Ok::<(), TestCaseError>(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, (seed, changes))) => {
            panic!("{name}: {reason}: {}", told(&changed(&seeds, seed, &changes)))
        }
        Err(TestError::Abort(reason)) => panic!("{name}: {reason}"),
    }
}

fn runner() -> TestRunner {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let config = Config {
        cases: number("FUZZ_CASES").unwrap_or(CASES),
        failure_persistence: None,
        ..Config::default()
    };
    if std::env::var_os("FUZZ_RANDOM").is_some() {
        return TestRunner::new(config);
    }
    let seed = [7; 32];
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// The files of a folder, by name.
fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn changes() -> impl Strategy<Value = (usize, Vec<Change>)> {
    let place = any::<usize>;
    let change = prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (place(), 1..64_usize).prop_map(|(at, length)| Change::Take(at, length)),
        (place(), 1..64_usize).prop_map(|(at, length)| Change::Double(at, length)),
        (place(), 0..WORDS.len()).prop_map(|(at, word)| Change::Put(at, word)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::PutByte(at, byte)),
        place().prop_map(Change::Cut),
        (place(), place(), place()).prop_map(|(at, other, from)| Change::Join(at, other, from)),
    ];
    (place(), vec(change, 1..=CHANGES))
}

fn changed(seeds: &[Vec<u8>], seed: usize, changes: &[Change]) -> Vec<u8> {
    let of = |seed: usize| seeds.get(seed % seeds.len()).map_or(&[][..], Vec::as_slice);
    let mut bytes = of(seed).to_vec();
    for change in changes {
        let length = bytes.len();
        let place = |at: usize| at % (length + 1);
        match *change {
            Change::Set(at, to) => bytes.iter_mut().skip(place(at)).take(1).for_each(|byte| *byte = to),
            Change::Flip(at, bit) => {
                bytes.iter_mut().skip(place(at)).take(1).for_each(|byte| *byte ^= 1 << bit);
            }
            Change::Take(at, some) => drop(bytes.drain(place(at)..length.min(place(at) + some))),
            Change::Double(at, some) => {
                let part: Vec<u8> = bytes.iter().skip(place(at)).take(some).copied().collect();
                bytes.splice(place(at)..place(at), part);
            }
            Change::Put(at, word) => {
                bytes.splice(
                    place(at)..place(at),
                    WORDS.iter().skip(word).take(1).flat_map(|word| word.bytes()),
                );
            }
            Change::PutByte(at, byte) => bytes.insert(place(at), byte),
            Change::Cut(at) => bytes.truncate(place(at)),
            Change::Join(at, other, from) => {
                let other = of(other);
                bytes.truncate(place(at));
                bytes.extend(other.iter().skip(from % (other.len() + 1)));
            }
        }
    }
    bytes
}

fn told(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text: String = text.chars().take(TOLD).collect();
    format!("{} bytes: {text:?}", bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn a_reader_that_stumbles_is_found() {
        let stumbles =
            || target("envelope", |bytes| assert!(!bytes.ends_with(b"\0"), "it ends with nothing"));
        assert!(catch_unwind(stumbles).is_err());
        target("envelope", |_| {});
    }
}
