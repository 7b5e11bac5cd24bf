//! Why a payment earned what it did.

mod object;
pub(crate) mod of_conversion;
pub(crate) mod of_payment;

use object::Story;
