//! Money in the currency's minor unit as Stripe counts it, and rates in basis points.

mod amount;
mod currency;
mod ratio;

pub use amount::{CannotAdd, InvalidAmount, InvalidMoney, Money};
pub use currency::{Currency, InvalidCurrency};
pub use ratio::{BasisPoints, ratio_floor, ratio_half_even, split_by_largest_remainder};
