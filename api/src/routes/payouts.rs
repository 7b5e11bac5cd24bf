//! `/api/v1/payouts`

pub(super) mod cancel;
pub(super) mod create;
pub(super) mod due;
pub(super) mod get;
pub(super) mod list;
pub(super) mod mark_paid;
mod object;

pub(super) use mark_paid::{Payment, PostPayment};
pub(super) use object::{Batch, Payout};
