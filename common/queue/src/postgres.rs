//! The queue in PostgreSQL: the table `queue_messages`, written by group commit and claimed by lease.

mod claims;
mod enqueue;
mod gauges;
mod listener;
mod renewal;
mod writer;

pub(super) use claims::Claims;
pub use enqueue::{enqueue, enqueue_all, waiting};
pub use writer::DatabaseStatus;
pub(super) use writer::Writer;

/// The channel on which writers tell workers that there is something. Its payload is the prefix.
pub(super) const CHANNEL: &str = "tributary_queue";
