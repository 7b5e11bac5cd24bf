//! A commission as it is agreed: a share, or a fixed amount.

use crate::money::{BasisPoints, Currency, InvalidAmount, Money};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

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

/// Behind an amount: never more than the base.
const CAPPED: &str = "capped";

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

    /// Reads `20%`, `12.5%`, `15.00usd` or `15.00usd capped`, which is never more than the base.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let uncapped = text.strip_suffix(CAPPED);
        let capped_at_base = uncapped.is_some();
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
        let amount = uncapped.unwrap_or(text).trim_end();
        let split = amount.len().checked_sub(3).ok_or_else(form)?;
        let (amount, currency) = amount.split_at_checked(split).ok_or_else(form)?;
        let currency = Currency::parse(currency).map_err(|_| form())?;
        if amount.trim().is_empty() {
            return Err(form());
        }
        let money = Money::parse(amount, currency)?;
        if money.minor < 0 {
            return Err(InvalidCommission::Negative(text.to_owned()));
        }
        Ok(Self::Flat { minor: money.minor, currency, capped_at_base })
    }
}

impl fmt::Display for Commission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent { basis_points } => {
                let share = rust_decimal::Decimal::new(i64::from(basis_points.0), 2).normalize();
                write!(f, "{share}%")
            }
            Self::Flat { minor, currency, capped_at_base } => {
                write!(f, "{}{currency}", Money { minor: *minor, currency: *currency }.to_decimal())?;
                if *capped_at_base { write!(f, " {CAPPED}") } else { Ok(()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commissions_read_and_print_the_same() {
        for text in ["20%", "12.5%", "0.01%", "100%", "15.00usd", "500jpy", "1.250kwd", "15.00usd capped"] {
            assert_eq!(text.parse::<Commission>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_wrong_commission_says_what_to_write() {
        for text in
            ["", "20", "%", "101%", "-1%", "12.345%", "usd", "15.001usd", "-5.00usd", "20% capped", "capped"]
        {
            let error = text.parse::<Commission>().unwrap_err().to_string();
            assert!(!error.is_empty(), "{text}");
        }
    }
}
