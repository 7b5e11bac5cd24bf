//! Money in the ledger's minor unit, which is Stripe's, and rates in basis points.
//!
//! How many decimals a currency has is four questions, with four answers ([`Currency`]; SEMANTICS 15): how
//! Stripe's API counts it, how the ledger keeps it, how a person writes it, what a bank takes.

mod amount;
mod currency;
mod decimal;
mod iso4217;
mod ratio;

pub use amount::{CannotAdd, InvalidAmount, InvalidMoney, Money};
pub use currency::{Currency, InvalidCurrency};
pub use ratio::{BasisPoints, ratio_floor, ratio_half_even, split_by_largest_remainder};
