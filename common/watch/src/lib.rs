//! What operators watch: metrics, liveness and readiness.
//!
//! The api serves them beside its routes; with `METRICS_ADDR` it and the worker serve them on an address of their own,
//! which need not be reachable from where the service's users are.

mod recorder;
mod server;

pub use recorder::{PROMETHEUS, install, keep_drained, render};
pub use server::{Readiness, serve};
