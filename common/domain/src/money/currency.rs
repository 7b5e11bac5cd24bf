//! Currencies, and the four questions about their decimals (SEMANTICS 15).

use super::iso4217;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An ISO 4217 code, three lower-case letters as Stripe writes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Counted in whole units by Stripe's API (<https://docs.stripe.com/currencies#zero-decimal>).
const WHOLE_IN_STRIPE: [&[u8; 3]; 15] = [
    b"bif", b"clp", b"djf", b"gnf", b"jpy", b"kmf", b"krw", b"mga", b"pyg", b"rwf", b"vnd", b"vuv", b"xaf",
    b"xof", b"xpf",
];

/// Counted in thousandths by Stripe's API (the same page).
const THOUSANDTHS_IN_STRIPE: [&[u8; 3]; 5] = [b"bhd", b"jod", b"kwd", b"omr", b"tnd"];

/// In ISO 4217 with thousandths, and in no API of Stripe's.
const THOUSANDTHS_ELSEWHERE: [&[u8; 3]; 2] = [b"iqd", b"lyd"];

/// Written in whole units though ISO 4217 has a minor unit: five iraimbilanja are an ariary.
const WRITTEN_WHOLE: [&[u8; 3]; 1] = [b"mga"];

/// Paid in whole units though people write two decimals: Stripe's payouts
/// (<https://docs.stripe.com/currencies#special-cases>) and `PayPal`
/// (<https://developer.paypal.com/api/rest/reference/currency-codes>) take no others.
const PAID_WHOLE: [&[u8; 3]; 2] = [b"huf", b"twd"];

impl Currency {
    /// The currency of amounts that are named without one.
    pub const USD: Self = Self(*b"usd");

    /// Reads the code of a currency that is in use, in any case: what a person or a caller names.
    ///
    /// # Errors
    /// When ISO 4217 does not list it, or not any more: nobody could be paid.
    pub fn parse(code: &str) -> Result<Self, InvalidCurrency> {
        let currency = Self::stored(code)?;
        match iso4217::decimals(iso4217::IN_USE, currency.0) {
            Some(_) => Ok(currency),
            None => Err(InvalidCurrency(code.to_owned())),
        }
    }

    /// Reads a code as a provider's object has it: one that was withdrawn since stands in its history.
    ///
    /// # Errors
    /// When ISO 4217 never listed it.
    pub fn of_provider(code: &str) -> Result<Self, InvalidCurrency> {
        let withdrawn = |currency: &Self| iso4217::decimals(iso4217::WITHDRAWN, currency.0).is_some();
        Self::parse(code).or_else(|error| Self::stored(code).ok().filter(withdrawn).ok_or(error))
    }

    /// Reads a code that was accepted before, whatever has become of it since.
    ///
    /// # Errors
    /// When it is not three letters.
    pub fn stored(code: &str) -> Result<Self, InvalidCurrency> {
        let bytes: [u8; 3] =
            code.trim().as_bytes().try_into().map_err(|_| InvalidCurrency(code.to_owned()))?;
        if bytes.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(bytes.map(|byte| byte.to_ascii_lowercase())))
        } else {
            Err(InvalidCurrency(code.to_owned()))
        }
    }

    /// How many decimals of it Stripe's API counts in its integers.
    ///
    /// UGX and ISK have two there, which are always 00.
    #[must_use]
    pub fn stripe_decimals(self) -> u32 {
        if WHOLE_IN_STRIPE.contains(&&self.0) {
            0
        } else if THOUSANDTHS_IN_STRIPE.contains(&&self.0) {
            3
        } else {
            2
        }
    }

    /// How many decimals of it the ledger keeps: its minor unit is Stripe's, and ISO 4217's of what Stripe
    /// has not (ADR 16).
    #[must_use]
    pub fn ledger_decimals(self) -> u32 {
        if THOUSANDTHS_ELSEWHERE.contains(&&self.0) { 3 } else { self.stripe_decimals() }
    }

    /// How many decimals of it a person writes and reads; never more than the ledger keeps.
    #[must_use]
    pub fn written_decimals(self) -> u32 {
        if WRITTEN_WHOLE.contains(&&self.0) {
            return 0;
        }
        let known = [iso4217::IN_USE, iso4217::WITHDRAWN];
        let listed = known.into_iter().find_map(|list| iso4217::decimals(list, self.0));
        listed.unwrap_or(2).min(self.ledger_decimals())
    }

    /// How many decimals of it a bank, `PayPal` or Wise takes; never more than a person writes.
    #[must_use]
    pub fn paid_decimals(self) -> u32 {
        if PAID_WHOLE.contains(&&self.0) { 0 } else { self.written_decimals() }
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
        Self::stored(&text).map_err(serde::de::Error::custom)
    }
}

/// A text that is not the code of a currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a currency in use: give an ISO 4217 code such as \"usd\"")]
pub struct InvalidCurrency(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_in_use_are_named() {
        assert_eq!(Currency::parse(" EUR ").unwrap().as_str(), "eur");
        for code in ["us", "usdt", "u$d", "", "xyz", "xxx", "xts", "xau", "xdr", "bov", "clf", "hrk", "bgn"] {
            let refused = Currency::parse(code).unwrap_err().to_string();
            assert!(refused.contains("ISO 4217"), "{refused}");
        }
    }

    #[test]
    fn a_history_may_hold_what_was_withdrawn() {
        assert_eq!(Currency::of_provider("HRK").unwrap().as_str(), "hrk");
        assert_eq!(Currency::of_provider("usd"), Ok(Currency::USD));
        assert!(Currency::of_provider("xyz").is_err());
        assert_eq!(Currency::stored("xyz").unwrap().as_str(), "xyz");
        assert!(Currency::stored("x").is_err());
    }

    #[test]
    fn each_question_has_its_own_answer() {
        for (code, stripe, ledger, written, paid) in [
            ("usd", 2, 2, 2, 2),
            ("jpy", 0, 0, 0, 0),
            ("kwd", 3, 3, 3, 3),
            ("ugx", 2, 2, 0, 0),
            ("isk", 2, 2, 0, 0),
            ("huf", 2, 2, 2, 0),
            ("twd", 2, 2, 2, 0),
            ("mga", 0, 0, 0, 0),
            ("lyd", 2, 3, 3, 3),
        ] {
            let currency = Currency::parse(code).unwrap();
            let decimals = (
                currency.stripe_decimals(),
                currency.ledger_decimals(),
                currency.written_decimals(),
                currency.paid_decimals(),
            );
            assert_eq!(decimals, (stripe, ledger, written, paid), "{code}");
        }
    }

    #[test]
    fn the_ledger_holds_whatever_is_written_and_that_whatever_is_paid() {
        for (code, _) in iso4217::IN_USE {
            let currency = Currency(*code);
            assert!(currency.ledger_decimals() >= currency.written_decimals(), "{currency}");
            assert!(currency.written_decimals() >= currency.paid_decimals(), "{currency}");
        }
    }
}
