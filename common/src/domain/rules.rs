//! A programme's rules: what is paid, for how long, and when a code counts.

use super::ids::RuleId;
use super::money::{BasisPoints, Currency, InvalidAmount, Money};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One version of a programme's rules. Versions are never edited; a payment is judged by the one
/// in force at its own time (SEMANTICS 8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// What a payment earns.
    pub commission: Commission,
    /// Which payments of a customer earn.
    #[serde(default)]
    pub recurring: Recurring,
    /// Days from payment to release (SEMANTICS 14).
    #[serde(default)]
    pub hold_days: u32,
    /// Days from a click to the first bind (SEMANTICS 5).
    #[serde(default = "default_window_days")]
    pub window_days: u32,
    /// Days for which an unattributed payment waits for a mapping (SEMANTICS 3).
    #[serde(default = "default_back_bind_days")]
    pub back_bind_days: u32,
    /// What becomes of a commission that an affiliate earns on a purchase of their own
    /// (SEMANTICS 16).
    #[serde(default)]
    pub self_referral: SelfReferral,
    /// The switch of SEMANTICS 4: for the first bind, a coupon goes before metadata and
    /// `client_reference_id`.
    #[serde(default)]
    pub coupon_first: bool,
}

/// What becomes of a commission on a purchase of one's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfReferral {
    /// It is held, for a person to look at.
    #[default]
    Hold,
    /// There is none.
    Reject,
}

/// `--window-days` when nothing is said.
pub const DEFAULT_WINDOW_DAYS: u32 = 60;
/// SEMANTICS 3.
pub const DEFAULT_BACK_BIND_DAYS: u32 = 30;

fn default_window_days() -> u32 {
    DEFAULT_WINDOW_DAYS
}

fn default_back_bind_days() -> u32 {
    DEFAULT_BACK_BIND_DAYS
}

/// A version of the rules with its id and the time from which it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleVersion {
    /// Frozen on each conversion that it decides.
    pub id: RuleId,
    /// Payments from this event time on; `None` is "always" and belongs to the first version.
    pub valid_from: Option<DateTime<Utc>>,
    /// The rules.
    pub rules: Rules,
}

/// What a payment earns: a share of its base, or a fixed amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Commission {
    /// A share of the commissionable base.
    Percent {
        /// 2,000 is 20 %.
        basis_points: BasisPoints,
    },
    /// A fixed amount for each payment in the same currency. A payment in another currency earns
    /// nothing, with that reason: nothing is converted silently (SEMANTICS 15).
    Flat {
        /// Minor units.
        minor: i64,
        /// The currency it is paid in.
        currency: Currency,
        /// Never more than the base itself (SEMANTICS 9).
        #[serde(default)]
        capped_at_base: bool,
    },
}

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

/// A commission that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCommission {
    /// Neither form.
    #[error("{0:?} is neither a share such as \"20%\" nor an amount such as \"15.00usd\"")]
    Form(String),
    /// A share beyond its bounds.
    #[error("{0:?}: a share lies between 0% and 100%, with at most two decimals")]
    Share(String),
    /// An amount that cannot be taken.
    #[error(transparent)]
    Amount(#[from] InvalidAmount),
    /// A negative amount.
    #[error("{0:?}: a commission is not negative")]
    Negative(String),
}

impl FromStr for Commission {
    type Err = InvalidCommission;

    /// Reads `20%`, `12.5%` or `15.00usd`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(share) = text.strip_suffix('%') {
            let invalid = || InvalidCommission::Share(text.to_owned());
            let mut share =
                rust_decimal::Decimal::from_str_exact(share.trim()).map_err(|_| invalid())?.normalize();
            if share.scale() > 2 {
                return Err(invalid());
            }
            share.rescale(2);
            let basis_points = u32::try_from(share.mantissa()).map_err(|_| invalid())?;
            if basis_points > BasisPoints::ONE.0 {
                return Err(invalid());
            }
            return Ok(Self::Percent { basis_points: BasisPoints(basis_points) });
        }
        let form = || InvalidCommission::Form(text.to_owned());
        let split = text.len().checked_sub(3).ok_or_else(form)?;
        let (amount, currency) = text.split_at_checked(split).ok_or_else(form)?;
        let currency = Currency::parse(currency).map_err(|_| form())?;
        if amount.trim().is_empty() {
            return Err(form());
        }
        let money = Money::parse(amount, currency)?;
        if money.minor < 0 {
            return Err(InvalidCommission::Negative(text.to_owned()));
        }
        Ok(Self::Flat { minor: money.minor, currency, capped_at_base: false })
    }
}

impl fmt::Display for Commission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent { basis_points } => {
                let share = rust_decimal::Decimal::new(i64::from(basis_points.0), 2).normalize();
                write!(f, "{share}%")
            }
            Self::Flat { minor, currency, .. } => {
                write!(f, "{}{currency}", Money { minor: *minor, currency: *currency }.to_decimal())
            }
        }
    }
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
    fn commissions_read_and_print_the_same() {
        for text in ["20%", "12.5%", "0.01%", "100%", "15.00usd", "500jpy", "1.250kwd"] {
            assert_eq!(text.parse::<Commission>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_wrong_commission_says_what_to_write() {
        for text in ["", "20", "%", "101%", "-1%", "12.345%", "usd", "15.001usd", "-5.00usd"] {
            let error = text.parse::<Commission>().unwrap_err().to_string();
            assert!(!error.is_empty(), "{text}");
        }
    }

    #[test]
    fn recurrences_read_and_print_the_same() {
        for text in ["all", "first", "12-months", "6-payments"] {
            assert_eq!(text.parse::<Recurring>().unwrap().to_string(), text);
        }
        assert!("0-months".parse::<Recurring>().is_err());
        assert!("twice".parse::<Recurring>().is_err());
    }
}
