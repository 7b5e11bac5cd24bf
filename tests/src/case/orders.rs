//! The orders in which a case is delivered.

use crate::stripe;
use rand::{SeedableRng, rngs::StdRng};

/// Shuffled orders with repeats, beside the given one and its reverse.
const SHUFFLED: u64 = 4;

/// Each order with its name.
#[must_use]
pub fn orders(bodies: &[String]) -> Vec<(String, Vec<&str>)> {
    let given: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let reversed = given.iter().rev().copied().collect();
    let mut orders = vec![("as given".to_owned(), given), ("reversed".to_owned(), reversed)];
    for seed in 0..SHUFFLED {
        let shuffled = stripe::shuffled(bodies, &mut StdRng::seed_from_u64(seed));
        orders.push((format!("shuffled by {seed}"), shuffled));
    }
    orders
}
