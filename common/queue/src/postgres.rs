//! The queue in PostgreSQL: the table `queue_messages`, written by group commit and claimed by lease.

mod claims;
mod connection;
mod enqueue;
mod gauges;
mod keeper;
mod lease;
mod listener;
mod writer;

pub(super) use claims::Claims;
pub(super) use connection::{PATIENCE, sessions};
pub use enqueue::{enqueue, enqueue_all, waiting};
pub(super) use lease::{Lease, LeaseReceipt};
pub use writer::DatabaseStatus;
pub(super) use writer::Writer;

/// The channel on which writers tell workers that there is something. Its payload is the prefix.
pub(super) const CHANNEL: &str = "tributary_queue";
