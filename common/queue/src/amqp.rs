//! The queue in RabbitMQ, 3.10 and later: durable quorum queues, publisher confirms, acknowledgements.
//!
//! lapin's own recovery stays off. A supervisor for each connection reconnects for ever and declares
//! the topology again; an acknowledgement can only go to the session its delivery came by.
//!
//! lapin logs returned messages with their bodies at `warn` (`lapin::returned_messages`): the
//! subscriber must silence that target.

mod codec;
mod connection;
mod consumer;
mod depths;
mod error;
mod examine;
mod outstanding;
mod publisher;
mod topology;

pub(super) use consumer::consume;
pub use depths::{BrokerQueue, BrokerQueues, Unasked};
pub use examine::{BrokerSeen, examine};
pub use publisher::BrokerStatus;
pub(super) use publisher::Publisher;
pub(crate) use topology::Topology;
