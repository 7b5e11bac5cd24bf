//! Payouts on a real PostgreSQL: what is due is paid once, and what was paid stays paid.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests stop at the first surprise")]

#[path = "payouts/concurrency.rs"]
mod concurrency;
#[path = "payouts/guarantees.rs"]
mod guarantees;
#[path = "payouts/interleavings.rs"]
mod interleavings;
#[path = "payouts/life.rs"]
mod life;
#[path = "payouts/said_paid.rs"]
mod said_paid;
#[path = "payouts/statements.rs"]
mod statements;
#[path = "payouts/support.rs"]
mod support;
