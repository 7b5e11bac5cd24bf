//! Connections to RabbitMQ with the topology in place.

use super::error::BrokerError;
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
pub(super) struct BrokerConnection {
    pub(super) connection: Connection,
    pub(super) topology: Topology,
}

/// What happens on a connection: alarms and errors.
pub(super) type Events = BoxStream<'static, Event>;

impl BrokerConnection {
    /// Opens a connection to `uri` and declares the topology.
    pub(super) async fn open(
        uri: &lapin::uri::AMQPUri,
        config: &QueueConfig,
        role: &str,
        topology: Topology,
    ) -> Result<Self, BrokerError> {
        let properties =
            ConnectionProperties::default().with_connection_name(format!("{} {role}", config.process).into());
        let open = async {
            let connection = Connection::connect_uri(uri.clone(), properties).await?;
            topology.declare(&connection).await?;
            Ok(Self { connection, topology })
        };
        timeout(OPEN_TIMEOUT, open).await.unwrap_or(Err(BrokerError::Timeout))
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
