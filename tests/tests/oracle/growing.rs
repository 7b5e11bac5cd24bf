//! A history that grows: each event is settled from what is kept of the past, and comes to what all facts come to.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseError, TestRunner};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tests::oracle::engine::growing::{Ways, grow};
use tests::oracle::model::History;
use tests::oracle::render::{self, Numbers};
use tests::oracle::{engine, generate};

/// In the order of their times but for some, as they come; or in any order.
fn grows(history: &History, seed: u64) -> Result<Ways, String> {
    let mut random = StdRng::seed_from_u64(seed);
    let told = render::events(history, &Numbers::plain(history));
    let mut events: Vec<_> = told.iter().map(engine::facts).collect();
    events.retain(|facts| !facts.is_empty());
    if seed.is_multiple_of(4) {
        events.shuffle(&mut random);
    } else {
        events.sort_by_key(|facts| facts.iter().map(|known| known.fact.at).min());
        for place in 1..events.len() {
            if random.random_range(0..8) == 0 {
                events.swap(place - 1, place);
            }
        }
    }
    grow(history, &events)
}

fn comes_to_the_same(history: &History, seed: u64) -> Result<(), TestCaseError> {
    if let Err(difference) = grows(history, seed) {
        return Err(TestCaseError::fail(format!("{difference}\n{}", history.in_short())));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_500, failure_persistence: None, rng_seed: generate::seed(6), ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_of_the_past_stands_for_its_facts(history in generate::history(), seed in any::<u64>()) {
        comes_to_the_same(&history, seed)?;
    }

    #[test]
    fn what_is_kept_of_one_customers_past_stands_for_its_facts(history in generate::of_one_customer(), seed in any::<u64>()) {
        comes_to_the_same(&history, seed)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, rng_seed: generate::seed(7), ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_of_many_peoples_past_stands_for_its_facts(history in generate::of_a_crowd(), seed in any::<u64>()) {
        comes_to_the_same(&history, seed)?;
    }

    #[test]
    fn what_is_kept_of_guests_past_stands_for_its_facts(history in generate::of_guests(), seed in any::<u64>()) {
        comes_to_the_same(&history, seed)?;
    }
}

/// The ways of 300 histories.
fn ways(histories: &impl Strategy<Value = History>) -> Ways {
    let mut runner = TestRunner::deterministic();
    let mut sum = Ways::default();
    for seed in 0..300 {
        let history = histories.new_tree(&mut runner).unwrap().current();
        let ways = grows(&history, seed).unwrap();
        sum.short += ways.short;
        sum.crowd += ways.crowd;
        sum.declined += ways.declined;
        sum.whole += ways.whole;
    }
    sum
}

/// An agreement on histories that are always folded from the beginning would be worth nothing.
#[test]
fn the_past_is_used() {
    let sum = ways(&generate::of_one_customer());
    assert!(sum.short * 2 > sum.declined && sum.short > 300, "{sum:?}");
    let sum = ways(&generate::of_guests());
    assert!(sum.short > 300, "{sum:?}");
    let sum = ways(&generate::of_a_crowd());
    assert!(sum.crowd * 2 > sum.declined && sum.crowd > 300, "{sum:?}");
}
