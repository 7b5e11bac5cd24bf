//! Settling on a real PostgreSQL.
#![expect(clippy::disallowed_methods, reason = "what is tried is of now")]
#![allow(clippy::unwrap_used, missing_docs, reason = "tests stop at the first surprise")]

#[path = "settlement/concurrency.rs"]
mod concurrency;
#[path = "settlement/crowds.rs"]
mod crowds;
#[path = "settlement/hundred_thousand.rs"]
mod hundred_thousand;
#[path = "settlement/large_bodies.rs"]
mod large_bodies;
#[path = "settlement/long_histories.rs"]
mod long_histories;
#[path = "settlement/new_rows.rs"]
mod new_rows;
#[path = "settlement/notified.rs"]
mod notified;
#[path = "settlement/plans.rs"]
mod plans;
#[path = "settlement/statements.rs"]
mod statements;
#[path = "settlement/support.rs"]
mod support;
#[path = "settlement/terms.rs"]
mod terms;
