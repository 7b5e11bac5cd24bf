//! Which payments of a customer earn.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Which payments of a customer earn (SEMANTICS 10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurring {
    /// Every one.
    #[default]
    All,
    /// The first only.
    First,
    /// Those within N calendar months of the first.
    Months(u32),
    /// The first N.
    Payments(u32),
}

/// A recurrence that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of: all, first, N-months, N-payments")]
pub struct InvalidRecurring(String);

impl FromStr for Recurring {
    type Err = InvalidRecurring;

    /// Reads `all`, `first`, `12-months` or `6-payments`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRecurring(text.to_owned());
        let count = |n: &str| n.parse().ok().filter(|n: &u32| *n > 0).ok_or_else(invalid);
        match text.trim() {
            "all" => Ok(Self::All),
            "first" => Ok(Self::First),
            other => match other.split_once('-') {
                Some((n, "months" | "month")) => count(n).map(Self::Months),
                Some((n, "payments" | "payment")) => count(n).map(Self::Payments),
                _ => Err(invalid()),
            },
        }
    }
}

impl fmt::Display for Recurring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::First => f.write_str("first"),
            Self::Months(n) => write!(f, "{n}-months"),
            Self::Payments(n) => write!(f, "{n}-payments"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrences_read_and_print_the_same() {
        for text in ["all", "first", "12-months", "6-payments"] {
            assert_eq!(text.parse::<Recurring>().unwrap().to_string(), text);
        }
        assert!("0-months".parse::<Recurring>().is_err());
        assert!("twice".parse::<Recurring>().is_err());
    }
}
