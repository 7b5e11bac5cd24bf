//! Without a store: 10,000 histories, each event one to three times, in random order.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseError, TestRunner};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::collections::BTreeMap;
use tests::oracle::model::History;
use tests::oracle::render::{self, Numbers};
use tests::oracle::{engine, generate, naive};

/// Histories of one test; there are as many tests as make 10,000, so that they run side by side.
const HISTORIES: u32 = 2_500;

/// Each event one to three times, in an order drawn from the seed.
fn agrees(history: &History, seed: u64) -> Result<(), TestCaseError> {
    let mut random = StdRng::seed_from_u64(seed);
    let told = render::events(history, &Numbers::plain(history));
    let facts: Vec<_> = told.iter().map(engine::facts).collect();
    let mut deliveries: Vec<usize> =
        (0..facts.len()).flat_map(|event| std::iter::repeat_n(event, random.random_range(1..=3))).collect();
    deliveries.shuffle(&mut random);
    let delivered = deliveries.iter().flat_map(|event| &facts[*event]);
    let differences = engine::judge(history, delivered).differences(&naive::judge(history));
    prop_assert!(differences.is_empty(), "{}\n{}", differences.join("\n"), history.in_short());
    Ok(())
}

macro_rules! batches {
    ($($name:ident = $seed:literal)*) => { $(proptest! {
        #![proptest_config(ProptestConfig { cases: HISTORIES, failure_persistence: None, rng_seed: generate::seed($seed), ..ProptestConfig::default() })]
        #[test]
        fn $name(history in generate::history(), seed in any::<u64>()) {
            agrees(&history, seed)?;
        }
    })* };
}

batches! {
    the_engine_and_the_naive_reading_agree_on_the_first_2500_histories = 1
    the_engine_and_the_naive_reading_agree_on_the_second_2500_histories = 2
    the_engine_and_the_naive_reading_agree_on_the_third_2500_histories = 3
    the_engine_and_the_naive_reading_agree_on_the_fourth_2500_histories = 4
}

/// An agreement on histories in which nothing happens would be worth nothing.
#[test]
fn the_histories_have_something_of_everything() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..1_000 {
        let history = generate::history().new_tree(&mut runner).unwrap().current();
        let verdicts = naive::judge(&history);
        let mut note = |what: &str| *seen.entry(what.to_owned()).or_default() += 1;
        for payment in verdicts.payments.values() {
            note(payment.status);
            note(&payment.currency);
            if payment.taken_back > 0 && payment.taken_back < payment.earned {
                note("partly taken back");
            }
            if payment.held > 0 && payment.held < payment.earned {
                note("partly held");
            }
        }
        for bind in verdicts.customers.values().flatten() {
            note(&bind.method);
        }
    }
    let wanted = [
        "attributed",
        "unattributed",
        "held",
        "rejected",
        "reversed",
        "usd",
        "eur",
        "jpy",
        "kwd",
        "isk",
        "ugx",
        "partly taken back",
        "partly held",
        "api",
        "metadata",
        "client_reference_id",
        "promotion_code",
        "coupon",
        "email",
        "lock",
    ];
    for what in wanted {
        assert!(seen.get(what).is_some_and(|times| *times >= 10), "{what}: {seen:?}");
    }
}
