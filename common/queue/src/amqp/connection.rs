//! Connections to RabbitMQ with the topology in place.

use super::topology::Topology;
use crate::QueueConfig;
use futures::{StreamExt, stream::BoxStream};
use lapin::{Channel, Connection, ConnectionProperties, Event};
use std::time::Duration;
use tokio::time::timeout;

/// How long connecting and declaring may take together.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait for a polite close. A blocked connection can't even send its farewell.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection and its topology.
pub(super) struct Link {
    pub(super) connection: Connection,
    pub(super) topology: Topology,
}

/// What happens on a connection: alarms and errors.
pub(super) type Events = BoxStream<'static, Event>;

/// Why there is no connection, or no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
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

impl From<lapin::Error> for LinkError {
    fn from(error: lapin::Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl Link {
    /// Opens a connection to `uri` and declares the topology.
    pub(super) async fn open(
        uri: &lapin::uri::AMQPUri,
        config: &QueueConfig,
        role: &str,
        topology: Topology,
    ) -> Result<Self, LinkError> {
        let properties =
            ConnectionProperties::default().with_connection_name(format!("{} {role}", config.process).into());
        let open = async {
            let connection = Connection::connect_uri(uri.clone(), properties).await?;
            topology.declare(&connection).await?;
            Ok(Self { connection, topology })
        };
        timeout(OPEN_TIMEOUT, open).await.unwrap_or(Err(LinkError::Timeout))
    }

    /// What happens on the connection from now on.
    pub(super) fn events(&self) -> Events {
        self.connection.events_listener().boxed()
    }

    /// Whether the channel and its connection can still be used.
    pub(super) fn is_usable(&self, channel: &Channel) -> bool {
        self.connection.status().connected() && channel.status().connected()
    }

    /// Says farewell, for a short while.
    pub(super) async fn close(&self) {
        // Whatever goes wrong here, the broker finds out when the socket closes.
        let _ = timeout(CLOSE_TIMEOUT, self.connection.close(200, "OK".into())).await;
    }
}
