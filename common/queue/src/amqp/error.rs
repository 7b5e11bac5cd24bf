//! What goes wrong with RabbitMQ.

/// Why there is no connection, or no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokerError {
    #[error(
        "RabbitMQ has the {what} {name} with other settings than this program needs: drain it and delete it, or set another QUEUE_PREFIX"
    )]
    Conflict { what: &'static str, name: String, source: Box<lapin::Error> },
    #[error(
        "RabbitMQ's user may not declare the {what} {name}: grant it configure, write and read on the prefix"
    )]
    Forbidden { what: &'static str, name: String, source: Box<lapin::Error> },
    #[error("RabbitMQ ended the consumer of {0}; was the queue deleted?")]
    ConsumerEnded(String),
    #[error("RabbitMQ did not answer in time")]
    Timeout,
    #[error("the connection to RabbitMQ failed")]
    Failed(#[source] Box<lapin::Error>),
}

impl From<lapin::Error> for BrokerError {
    fn from(error: lapin::Error) -> Self {
        Self::Failed(Box::new(error))
    }
}
