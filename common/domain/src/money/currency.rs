//! Currencies.

use serde::{Deserialize, Serialize};
use std::fmt;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_letters() {
        assert!(Currency::parse("us").is_err());
        assert!(Currency::parse("usdt").is_err());
        assert!(Currency::parse("u$d").is_err());
        assert_eq!(Currency::parse(" EUR ").unwrap().as_str(), "eur");
    }
}
