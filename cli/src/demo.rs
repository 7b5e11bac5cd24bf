//! The demo: a programme, a Stripe history, and what each affiliate earned from it.
//!
//! Everything goes the real way: signed webhooks over HTTP, queue, worker, ledger. Only the
//! affiliates and their codes are entered directly.

mod figures;
pub mod history;
pub(crate) mod post;
pub mod programme;
pub(crate) mod receiver;
pub(crate) mod report;
mod tables;
