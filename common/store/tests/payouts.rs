//! Payouts on a real PostgreSQL: what is due is paid once, and what was paid stays paid.
#![expect(clippy::disallowed_methods, reason = "what is tried is of now")]
#![allow(clippy::unwrap_used, missing_docs, reason = "tests stop at the first surprise")]

#[path = "payouts/attack.rs"]
mod attack;
#[path = "payouts/concurrency.rs"]
mod concurrency;
#[path = "payouts/guarantees.rs"]
mod guarantees;
#[path = "payouts/interleavings.rs"]
mod interleavings;
#[path = "payouts/life.rs"]
mod life;
#[path = "payouts/open.rs"]
mod open;
#[path = "payouts/said_paid.rs"]
mod said_paid;
#[path = "payouts/statements.rs"]
mod statements;
#[path = "payouts/support.rs"]
mod support;
