//! One story a test, from Stripe's own JSON through the settlement to the rows that the API shows.

mod attribution;
mod cases;
mod deliveries;
mod money;
mod reversals;
