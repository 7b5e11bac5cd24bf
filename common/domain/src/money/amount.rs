//! An amount of one currency.

use super::currency::Currency;
use super::decimal::{self, NoDecimal};
use rust_decimal::Decimal;
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
    /// The largest amount that is taken: a commission on it fits the ledger, and sums of thousands of them
    /// fit 64 bits.
    pub const MOST: i64 = 1_000_000_000_000_000;

    /// Reads an exact decimal such as `49.99`, as people write it: `5000` are 5,000 shillings.
    ///
    /// # Errors
    /// When it is not a decimal number, has more decimals than people write, or is too large.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, InvalidAmount> {
        let read = decimal::exact(text.trim()).map_err(|why| InvalidAmount::of(why, text, currency))?;
        Self::of_decimal(read, text, currency)
    }

    /// Reads a decimal as programs write it: binary arithmetic makes 0.30000000000000004 of 0.1 + 0.2, so
    /// what is no more than a billionth away from an amount of the currency is that amount.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_computed(text: &str, currency: Currency) -> Result<Self, InvalidAmount> {
        let read = decimal::nearest(text.trim()).map_err(|why| InvalidAmount::of(why, text, currency))?;
        Self::of_decimal(decimal::without_noise(read, currency.written_decimals()), text, currency)
    }

    fn of_decimal(mut decimal: Decimal, text: &str, currency: Currency) -> Result<Self, InvalidAmount> {
        if decimal.scale() > currency.written_decimals() {
            return Err(InvalidAmount::of(NoDecimal::TooManyDecimals, text, currency));
        }
        decimal.rescale(currency.ledger_decimals());
        let fits = |minor: &i64| minor.unsigned_abs() <= Self::MOST.unsigned_abs();
        let minor = i64::try_from(decimal.mantissa()).ok().filter(fits);
        let minor = minor.filter(|_| decimal.scale() == currency.ledger_decimals());
        let minor = minor.ok_or_else(|| InvalidAmount::of(NoDecimal::TooLarge, text, currency))?;
        Ok(Self { minor, currency })
    }

    /// How many of the smallest unit that people write, towards zero: 5,000 of 5,000 shillings, of which the ledger keeps
    /// 500,000 hundredths.
    #[must_use]
    pub fn written_units(self) -> i64 {
        let unit = self.currency.ledger_decimals().saturating_sub(self.currency.written_decimals());
        self.minor.checked_div(10_i64.saturating_pow(unit)).unwrap_or_default()
    }

    /// The part that is paid: whole units of what a bank takes. The rest is carried over.
    #[must_use]
    pub fn payable_part(self) -> Self {
        let unit = self.currency.ledger_decimals().saturating_sub(self.currency.paid_decimals());
        let unit = 10_i64.saturating_pow(unit);
        let rest = self.minor.checked_rem(unit).unwrap_or_default();
        Self { minor: self.minor.saturating_sub(rest), currency: self.currency }
    }

    /// The amount with the decimals that a bank takes: `1200` forints. `None` when it has a fraction that
    /// no bank takes.
    #[must_use]
    pub fn to_payable(self) -> Option<String> {
        (self == self.payable_part()).then(|| self.with_decimals(self.currency.paid_decimals()))
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

    /// The amount as an exact decimal with all of the decimals that people write: `49.90`, and `5000` of a
    /// currency without any. A share of it that the ledger keeps and nobody writes is shown all the same:
    /// `1000.20`.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let (written, kept) = (self.currency.written_decimals(), self.currency.ledger_decimals());
        let unit = 10_i64.saturating_pow(kept.saturating_sub(written));
        let whole = self.minor.checked_rem(unit) == Some(0);
        self.with_decimals(if whole { written } else { kept })
    }

    /// Without the zeros behind so many decimals.
    fn with_decimals(self, decimals: u32) -> String {
        let mut decimal =
            Decimal::from_i128_with_scale(i128::from(self.minor), self.currency.ledger_decimals());
        decimal.rescale(decimals);
        decimal.to_string()
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
    #[error("{amount} has more decimals than {currency} has: {}", match currency.written_decimals() {
        0 => "none".to_owned(),
        most => format!("at most {most}"),
    })]
    TooManyDecimals {
        /// As it was written.
        amount: String,
        /// The currency.
        currency: Currency,
    },
    /// More than [`Money::MOST`].
    #[error("{0} is too large")]
    TooLarge(String),
}

impl InvalidAmount {
    fn of(why: NoDecimal, text: &str, currency: Currency) -> Self {
        match why {
            NoDecimal::NotANumber => Self::NotADecimal(text.to_owned()),
            NoDecimal::TooManyDecimals => Self::TooManyDecimals { amount: text.to_owned(), currency },
            NoDecimal::TooLarge => Self::TooLarge(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn read(text: &str, code: &str) -> Result<i64, InvalidAmount> {
        Money::parse(text, currency(code)).map(|money| money.minor)
    }

    fn shown(minor: i64, code: &str) -> String {
        Money { minor, currency: currency(code) }.to_decimal()
    }

    #[test]
    fn decimals_follow_the_currency() {
        assert_eq!(read("49.99", "USD"), Ok(4_999));
        assert_eq!(read("4999", "jpy"), Ok(4_999));
        assert_eq!(read("1.250", "kwd"), Ok(1_250));
        assert_eq!(read("1e2", "usd"), Ok(10_000));
        assert_eq!(read("1.50000", "usd"), Ok(150));
        assert_eq!(read("-.5", "usd"), Ok(-50));
        let many =
            |text: &str, code: &str| InvalidAmount::of(NoDecimal::TooManyDecimals, text, currency(code));
        for (text, code) in
            [("49.999", "usd"), ("0.5", "jpy"), ("33.50", "isk"), ("5000.5", "ugx"), ("0.2", "mga")]
        {
            assert_eq!(read(text, code), Err(many(text, code)));
        }
        for text in ["forty", "", "-", ".", "1,5", "1_000", "0x10", "1e", "1e+", "e5", "NaN", "1.5.0"] {
            assert_eq!(read(text, "usd"), Err(InvalidAmount::NotADecimal(text.to_owned())));
        }
        assert_eq!(many("1.5", "ugx").to_string(), "1.5 has more decimals than ugx has: none");
        assert_eq!(many("1.555", "usd").to_string(), "1.555 has more decimals than usd has: at most 2");
    }

    #[test]
    fn shillings_and_kronur_are_written_whole_and_kept_as_stripe_counts_them() {
        assert_eq!(read("5000", "ugx"), Ok(500_000));
        assert_eq!(read("33.00", "isk"), Ok(3_300));
        assert_eq!(shown(500_000, "ugx"), "5000");
        assert_eq!(shown(-500_000, "isk"), "-5000");
        assert_eq!(shown(0, "ugx"), "0");
        // A fifth of 5,001 shillings: nobody writes it, and nothing of it is hidden.
        assert_eq!(shown(100_020, "ugx"), "1000.20");
        assert_eq!(shown(4_990, "usd"), "49.90");
        assert_eq!(shown(5_000, "jpy"), "5000");
        assert_eq!(shown(120_000, "huf"), "1200.00");
        assert_eq!(shown(5_000, "mga"), "5000");
        assert_eq!(shown(1_250, "lyd"), "1.250");
    }

    #[test]
    fn whole_units_are_paid() {
        let part = |minor, code: &str| Money { minor, currency: currency(code) }.payable_part().minor;
        assert_eq!(
            (part(120_050, "huf"), part(120_050, "twd"), part(120_050, "usd")),
            (120_000, 120_000, 120_050)
        );
        assert_eq!((part(100_020, "ugx"), part(50, "huf"), part(5_001, "jpy")), (100_000, 0, 5_001));
        let paid = |minor, code: &str| Money { minor, currency: currency(code) }.to_payable();
        assert_eq!(paid(120_000, "huf").as_deref(), Some("1200"));
        assert_eq!(paid(120_050, "huf"), None);
        assert_eq!(paid(100_000, "ugx").as_deref(), Some("1000"));
        assert_eq!(paid(123_456, "usd").as_deref(), Some("1234.56"));
        assert_eq!(paid(1_250, "kwd").as_deref(), Some("1.250"));
    }

    #[test]
    fn the_noise_of_binary_arithmetic_is_taken_off() {
        let computed =
            |text: &str, code: &str| Money::parse_computed(text, currency(code)).map(|money| money.minor);
        assert_eq!(computed("0.30000000000000004", "usd"), Ok(30));
        assert_eq!(computed("0.29999999999999998889776975", "usd"), Ok(30));
        assert_eq!(computed("49.989999999999994884", "usd"), Ok(4_999));
        assert_eq!(computed("0.1000000000000000055511151231257827021181583404541015625", "usd"), Ok(10));
        assert_eq!(computed("-1.1500000000000001", "usd"), Ok(-115));
        assert_eq!(computed("5.551115123125783e-17", "usd"), Ok(0));
        assert_eq!(computed("4999.000000000001", "ugx"), Ok(499_900));
        assert_eq!(computed("1.2500000000000002", "kwd"), Ok(1_250));
        assert_eq!(computed("49.9900000010", "usd"), Ok(4_999));
        for excess in ["49.999", "49.990000002", "0.005", "0.0000001", "49.98999"] {
            assert!(
                matches!(computed(excess, "usd"), Err(InvalidAmount::TooManyDecimals { .. })),
                "{excess}"
            );
        }
        // What a person types is exact.
        assert!(read("0.30000000000000004", "usd").is_err());
    }

    #[test]
    fn a_number_that_cannot_be_kept_is_still_called_a_number() {
        for parse in [Money::parse, Money::parse_computed] {
            let why = |text: &str| parse(text, Currency::USD).unwrap_err();
            for tiny in ["1e-400", "1E-99999999999999999999", "-0.1e-60", "1e-38"] {
                assert!(matches!(why(tiny), InvalidAmount::TooManyDecimals { .. }), "{tiny}");
            }
            for huge in ["1e400", "99999999999999999999", "1e99999999999999999999", "10000000000000.01"] {
                assert!(matches!(why(huge), InvalidAmount::TooLarge(_)), "{huge}");
            }
            for zero in ["0", "0e-400", "-0.00", "0e99999999999999999999"] {
                assert_eq!(parse(zero, Currency::USD).unwrap().minor, 0, "{zero}");
            }
            assert_eq!(parse("10000000000000.00", Currency::USD).unwrap().minor, Money::MOST);
        }
        let zeros = format!("0.{}1", "0".repeat(60));
        assert!(matches!(Money::parse(&zeros, Currency::USD), Err(InvalidAmount::TooManyDecimals { .. })));
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
        fn a_decimal_survives_the_round_trip(
            amount in -Money::MOST / 1_000..Money::MOST / 1_000,
            code in "usd|jpy|kwd|isk|ugx|huf|mga|lyd",
        ) {
            let currency = currency(&code);
            let unit = 10_i64.pow(currency.ledger_decimals() - currency.written_decimals());
            let money = Money { minor: amount * unit, currency };
            prop_assert_eq!(Money::parse(&money.to_decimal(), money.currency), Ok(money));
            prop_assert_eq!(Money::parse_computed(&money.to_decimal(), money.currency), Ok(money));
        }

        #[test]
        fn no_text_is_misread(text in "[-+]?[0-9.eE_ ]{0,12}|\\PC{0,8}") {
            if let Ok(money) = Money::parse(&text, Currency::USD) {
                let again = Money::parse(&money.to_decimal(), Currency::USD);
                prop_assert_eq!(again, Ok(money));
                prop_assert_eq!(Money::parse_computed(&text, Currency::USD), Ok(money));
            }
        }
    }
}
