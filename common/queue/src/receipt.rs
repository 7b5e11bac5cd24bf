//! What gives a delivery back to where it came from. The back ends hand these out, and finishing a delivery needs them: they
//! know of neither.

mod broker;
mod lease;

pub(super) use broker::{Answer, BrokerReceipt, Reply};
pub(super) use lease::{Lease, LeaseReceipt};

/// What gives a delivery back to where it came from.
#[derive(Debug)]
pub(super) enum Receipt {
    /// An unacknowledged message of RabbitMQ.
    Broker(BrokerReceipt),
    /// A leased row of `queue_messages`.
    Database(LeaseReceipt),
}
