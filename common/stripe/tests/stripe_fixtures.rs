//! What the events of each API version tell. The payloads are files under `tests/data/stripe`, written
//! by hand in the shapes that Stripe documents; the facts are snapshots beside this test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "stripe_fixtures/corpus.rs"]
mod corpus;
#[path = "stripe_fixtures/listed.rs"]
mod listed;
#[path = "stripe_fixtures/mutations.rs"]
mod mutations;
#[path = "stripe_fixtures/named.rs"]
mod named;
#[path = "stripe_fixtures/snapshots.rs"]
mod snapshots;
