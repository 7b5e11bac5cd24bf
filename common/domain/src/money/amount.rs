//! An amount of one currency.

use super::currency::Currency;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

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

    /// Nothing of a currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The sum. Amounts of two currencies have none.
    ///
    /// # Errors
    /// When the currencies differ, or the sum leaves 64 bits.
    pub fn checked_add(self, other: Self) -> Result<Self, CannotAdd> {
        if self.currency != other.currency {
            return Err(CannotAdd::Currencies(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(CannotAdd::TooLarge)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// What is left. Amounts of two currencies leave nothing that could be told.
    ///
    /// # Errors
    /// When the currencies differ, or the difference leaves 64 bits.
    pub fn checked_sub(self, other: Self) -> Result<Self, CannotAdd> {
        let minor = other.minor.checked_neg().ok_or(CannotAdd::TooLarge)?;
        self.checked_add(Self { minor, currency: other.currency })
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

/// Why two amounts have no sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAdd {
    /// Nothing is converted silently (SEMANTICS 15).
    #[error("an amount in {0} and one in {1} have no sum")]
    Currencies(Currency, Currency),
    /// Beyond 64 bits of minor units.
    #[error("the sum is too large")]
    TooLarge,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
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
    fn amounts_of_two_currencies_have_no_sum() {
        let (usd, jpy) = (currency("usd"), currency("jpy"));
        let of = |minor, currency| Money { minor, currency };
        assert_eq!(of(150, usd).checked_add(of(50, usd)), Ok(of(200, usd)));
        assert_eq!(of(150, usd).checked_sub(of(50, usd)), Ok(of(100, usd)));
        assert_eq!(of(150, usd).checked_add(of(50, jpy)), Err(CannotAdd::Currencies(usd, jpy)));
        assert_eq!(of(150, usd).checked_sub(of(150, jpy)), Err(CannotAdd::Currencies(usd, jpy)));
        assert_eq!(of(i64::MAX, usd).checked_add(of(1, usd)), Err(CannotAdd::TooLarge));
    }

    proptest! {
        #[test]
        fn a_decimal_survives_the_round_trip(minor: i64, code in "usd|jpy|kwd|isk") {
            let money = Money { minor, currency: currency(&code) };
            prop_assert_eq!(Money::parse(&money.to_decimal(), money.currency), Ok(money));
        }
    }
}
