//! The oracle: whatever happened, and in whatever order it is told, the engine and a second, naive
//! reading of SEMANTICS come to the same.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod growing;
mod history;
mod listed;
mod pure;
mod stored;
