//! Shares of an amount, and how they are rounded.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Hundredths of a percent: 2,000 is 20 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(pub u32);

impl BasisPoints {
    /// 100 %.
    pub const ONE: Self = Self(10_000);

    /// This share of an amount, rounded half to even (SEMANTICS 9).
    ///
    /// `None` when the result does not fit 64 bits.
    #[must_use]
    pub fn of(self, minor: i64) -> Option<i64> {
        ratio_half_even(minor, i64::from(self.0), 10_000)
    }
}

/// `amount × numerator ÷ denominator`, rounded half to even.
///
/// `None` when the denominator is not positive or the result does not fit 64 bits.
#[must_use]
pub fn ratio_half_even(amount: i64, numerator: i64, denominator: i64) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let denominator = i128::from(denominator);
    let product = i128::from(amount).checked_mul(i128::from(numerator))?;
    let floor = product.checked_div_euclid(denominator)?;
    let twice = product.checked_rem_euclid(denominator)?.checked_mul(2)?;
    let odd = floor.checked_rem_euclid(2)? == 1;
    let up = twice > denominator || (twice == denominator && odd);
    i64::try_from(floor.checked_add(i128::from(up))?).ok()
}

/// `amount × numerator ÷ denominator`, rounded down (towards −∞).
///
/// `None` when the denominator is not positive or the result does not fit 64 bits.
#[must_use]
pub fn ratio_floor(amount: i64, numerator: i64, denominator: i64) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let product = i128::from(amount).checked_mul(i128::from(numerator))?;
    i64::try_from(product.checked_div_euclid(i128::from(denominator))?).ok()
}

/// Splits a whole over weights, by largest remainder: each part is rounded down, and the units that are
/// left go to the parts that lost most, of two that lost the same to the earlier (SEMANTICS 7). The
/// parts sum to the whole, and each is less than one unit off its exact share. Weights may be negative.
///
/// `None` when the weights do not sum to a positive number, or a part does not fit 64 bits.
#[must_use]
pub fn split_by_largest_remainder(whole: i64, weights: &[i64]) -> Option<Vec<i64>> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total <= 0 {
        return None;
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut lost = Vec::with_capacity(weights.len());
    let mut left = i128::from(whole);
    for (place, weight) in weights.iter().enumerate() {
        let exact = i128::from(whole).checked_mul(i128::from(*weight))?;
        let part = exact.checked_div_euclid(total)?;
        left = left.checked_sub(part)?;
        lost.push((Reverse(exact.checked_rem_euclid(total)?), place));
        parts.push(i64::try_from(part).ok()?);
    }
    lost.sort_unstable();
    // What is left are the remainders, each less than a unit: there are fewer units than parts.
    for (_, place) in lost.into_iter().take(usize::try_from(left).ok()?) {
        let part = parts.get_mut(place)?;
        *part = part.checked_add(1)?;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_a_minor_unit_goes_to_the_even_neighbour() {
        assert_eq!(BasisPoints(5_000).of(1), Some(0));
        assert_eq!(BasisPoints(5_000).of(3), Some(2));
        assert_eq!(BasisPoints(5_000).of(5), Some(2));
        assert_eq!(BasisPoints(5_000).of(-1), Some(0));
        assert_eq!(BasisPoints(5_000).of(-3), Some(-2));
        assert_eq!(BasisPoints(3_333).of(10_000), Some(3_333));
    }

    #[test]
    fn units_that_are_left_go_to_whom_lost_most_and_then_to_the_earlier() {
        assert_eq!(split_by_largest_remainder(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(split_by_largest_remainder(10, &[6, 3, 1]), Some(vec![6, 3, 1]));
        assert_eq!(split_by_largest_remainder(5, &[1, 2, 4]), Some(vec![1, 1, 3]));
        // An upgrade in the middle of the month: 15.00 back, 30.00 more, and all of it collected.
        assert_eq!(split_by_largest_remainder(1_500, &[-1_500, 3_000]), Some(vec![-1_500, 3_000]));
        assert_eq!(split_by_largest_remainder(1_499, &[-1_500, 3_000]), Some(vec![-1_499, 2_998]));
        assert_eq!(split_by_largest_remainder(0, &[5, 0]), Some(vec![0, 0]));
        assert_eq!(split_by_largest_remainder(100, &[]), None);
        assert_eq!(split_by_largest_remainder(100, &[-5, 5]), None);
        assert_eq!(split_by_largest_remainder(i64::MAX, &[i64::MAX, 1, -i64::MAX]), None);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_none_is_a_unit_off(
            whole in -100_000_000_000i64..100_000_000_000,
            weights in prop::collection::vec(-1_000_000i64..10_000_000, 1..40),
        ) {
            let total: i64 = weights.iter().sum();
            let parts = split_by_largest_remainder(whole, &weights);
            prop_assert_eq!(parts.is_some(), total > 0);
            let parts = parts.unwrap_or_default();
            if total > 0 {
                prop_assert_eq!(parts.iter().sum::<i64>(), whole);
            }
            for (part, weight) in parts.iter().zip(&weights) {
                let off = i128::from(*part) * i128::from(total) - i128::from(whole) * i128::from(*weight);
                prop_assert!(off.abs() < i128::from(total));
                // A part has its line's sign, or is nothing.
                prop_assert!(i128::from(*part) * i128::from(*weight) * i128::from(whole.signum()) >= 0);
            }
            prop_assert_eq!(split_by_largest_remainder(whole, &weights).unwrap_or_default(), parts);
        }

        #[test]
        fn a_share_is_never_off_by_more_than_half(minor in -1_000_000_000_000i64..1_000_000_000_000, bps in 0u32..=10_000) {
            let share = i128::from(BasisPoints(bps).of(minor).unwrap());
            let error = (share * 10_000 - i128::from(minor) * i128::from(bps)).abs();
            prop_assert!(error <= 5_000);
        }
    }
}
