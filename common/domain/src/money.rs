//! Money in the currency's minor unit as Stripe counts it, and rates in basis points.

use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, fmt, str::FromStr};

/// An ISO 4217 code, three lower-case letters as Stripe writes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Stripe's zero-decimal currencies (<https://docs.stripe.com/currencies#zero-decimal>).
///
/// ISK and UGX have no minor unit in life but two decimals in Stripe's API, for backward
/// compatibility (the same page, "special cases"): ISK counts as a two-decimal currency here. UGX
/// stands in Stripe's list of zero-decimal currencies and is kept there.
const ZERO_DECIMAL: [&[u8; 3]; 16] = [
    b"bif", b"clp", b"djf", b"gnf", b"jpy", b"kmf", b"krw", b"mga", b"pyg", b"rwf", b"ugx", b"vnd", b"vuv",
    b"xaf", b"xof", b"xpf",
];

/// Stripe's three-decimal currencies (the same page).
const THREE_DECIMAL: [&[u8; 3]; 5] = [b"bhd", b"jod", b"kwd", b"omr", b"tnd"];

impl Currency {
    /// The currency of amounts that are named without one.
    pub const USD: Self = Self(*b"usd");

    /// Parses a code in any case.
    ///
    /// # Errors
    /// When it is not three letters.
    pub fn parse(code: &str) -> Result<Self, InvalidCurrency> {
        let bytes: [u8; 3] =
            code.trim().as_bytes().try_into().map_err(|_| InvalidCurrency(code.to_owned()))?;
        if bytes.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(bytes.map(|byte| byte.to_ascii_lowercase())))
        } else {
            Err(InvalidCurrency(code.to_owned()))
        }
    }

    /// How many decimals an amount of this currency has: 0, 2 or 3 (SEMANTICS 15).
    #[must_use]
    pub fn decimals(self) -> u32 {
        if ZERO_DECIMAL.contains(&&self.0) {
            0
        } else if THREE_DECIMAL.contains(&&self.0) {
            3
        } else {
            2
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A text that is not a currency code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a currency: give an ISO 4217 code such as \"usd\"")]
pub struct InvalidCurrency(pub String);

/// An amount of one currency, in its minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for a debt.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// Reads an exact decimal such as `49.99`.
    ///
    /// # Errors
    /// When it is not a plain decimal, has more decimals than the currency, or is too large.
    pub fn parse(decimal: &str, currency: Currency) -> Result<Self, InvalidAmount> {
        let invalid = || InvalidAmount::NotADecimal(decimal.to_owned());
        let value = rust_decimal::Decimal::from_str_exact(decimal.trim())
            .or_else(|_| rust_decimal::Decimal::from_scientific(decimal.trim()))
            .map_err(|_| invalid())?
            .normalize();
        if value.scale() > currency.decimals() {
            return Err(InvalidAmount::TooManyDecimals { amount: decimal.to_owned(), currency });
        }
        let mut scaled = value;
        scaled.rescale(currency.decimals());
        if scaled.scale() != currency.decimals() {
            return Err(InvalidAmount::TooLarge(decimal.to_owned()));
        }
        let minor =
            i64::try_from(scaled.mantissa()).map_err(|_| InvalidAmount::TooLarge(decimal.to_owned()))?;
        Ok(Self { minor, currency })
    }

    /// The amount as an exact decimal with all of the currency's decimals: `49.90`.
    #[must_use]
    pub fn to_decimal(self) -> String {
        rust_decimal::Decimal::from_i128_with_scale(i128::from(self.minor), self.currency.decimals())
            .to_string()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency.as_str().to_uppercase())
    }
}

impl FromStr for Money {
    type Err = InvalidMoney;

    /// Reads `10.00usd`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || InvalidMoney::Form(text.to_owned());
        let text = text.trim();
        let split = text.len().checked_sub(3).ok_or_else(form)?;
        let (amount, currency) = text.split_at_checked(split).ok_or_else(form)?;
        let currency = Currency::parse(currency).map_err(|_| form())?;
        if amount.trim().is_empty() {
            return Err(form());
        }
        Ok(Self::parse(amount, currency)?)
    }
}

/// A text that is not an amount with its currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoney {
    /// Not an amount and a currency.
    #[error("{0:?} is not an amount with its currency, such as \"10.00usd\"")]
    Form(String),
    /// An amount that cannot be taken.
    #[error(transparent)]
    Amount(#[from] InvalidAmount),
}

/// An amount that cannot be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    /// Not a number.
    #[error("{0:?} is not a decimal number")]
    NotADecimal(String),
    /// More decimals than the currency has.
    #[error("{amount} has more decimals than {currency} has: at most {}", currency.decimals())]
    TooManyDecimals {
        /// As it was written.
        amount: String,
        /// The currency.
        currency: Currency,
    },
    /// Beyond 64 bits of minor units.
    #[error("{0} is too large")]
    TooLarge(String),
}

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

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

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
    fn decimals_follow_the_currency() {
        assert_eq!(Money::parse("49.99", currency("USD")).unwrap().minor, 4_999);
        assert_eq!(Money::parse("4999", currency("jpy")).unwrap().minor, 4_999);
        assert_eq!(Money::parse("1.250", currency("kwd")).unwrap().minor, 1_250);
        assert_eq!(Money::parse("5", currency("isk")).unwrap().minor, 500);
        assert_eq!(Money::parse("1e2", currency("usd")).unwrap().minor, 10_000);
        assert_eq!(Money::parse("1.50000", currency("usd")).unwrap().minor, 150);
        assert!(matches!(
            Money::parse("49.999", currency("usd")),
            Err(InvalidAmount::TooManyDecimals { .. })
        ));
        assert!(matches!(Money::parse("0.5", currency("jpy")), Err(InvalidAmount::TooManyDecimals { .. })));
        assert!(matches!(Money::parse("forty", currency("usd")), Err(InvalidAmount::NotADecimal(_))));
        assert!(matches!(
            Money::parse("99999999999999999999", currency("usd")),
            Err(InvalidAmount::TooLarge(_))
        ));
    }

    #[test]
    fn an_amount_is_read_with_its_currency() {
        let money = |text: &str| text.parse::<Money>();
        assert_eq!(money("10.00usd").unwrap(), Money { minor: 1_000, currency: currency("usd") });
        assert_eq!(money(" 1000 JPY").unwrap(), Money { minor: 1_000, currency: currency("jpy") });
        for text in ["", "usd", "10.00", "10,00usd", "é0"] {
            assert!(money(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_currency_is_three_letters() {
        assert!(Currency::parse("us").is_err());
        assert!(Currency::parse("usdt").is_err());
        assert!(Currency::parse("u$d").is_err());
        assert_eq!(currency(" EUR ").as_str(), "eur");
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
        fn a_decimal_survives_the_round_trip(minor: i64, code in "usd|jpy|kwd|isk") {
            let money = Money { minor, currency: currency(&code) };
            prop_assert_eq!(Money::parse(&money.to_decimal(), money.currency), Ok(money));
        }

        #[test]
        fn a_share_is_never_off_by_more_than_half(minor in -1_000_000_000_000i64..1_000_000_000_000, bps in 0u32..=10_000) {
            let share = i128::from(BasisPoints(bps).of(minor).unwrap());
            let error = (share * 10_000 - i128::from(minor) * i128::from(bps)).abs();
            prop_assert!(error <= 5_000);
        }
    }
}
