//! Whether RabbitMQ is there and has what this deployment needs, without making any of it.

use super::topology::Topology;
use crate::QueueConfig;
use crate::config::place_of_broker;
use lapin::{
    Connection, ConnectionProperties, ErrorKind, Queue,
    options::QueueDeclareOptions,
    types::{FieldTable, ShortString},
};
use std::time::Duration;
use tokio::time::timeout;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(10);

const NOT_FOUND: u16 = 404;

/// What was seen of the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerSeen {
    /// None is set: PostgreSQL is the queue.
    Unset,
    /// It does not answer, or refuses: where it should be, and why.
    Away {
        /// Host and port.
        place: String,
        /// Why.
        reason: String,
    },
    /// It is there, and this queue is not.
    Missing {
        /// The queue.
        queue: String,
    },
    /// All queues are there.
    Here {
        /// Messages that wait.
        waiting: u32,
        /// Workers that take from it.
        consumers: u32,
        /// What could not be routed, or was delivered too often.
        stranded: u32,
    },
}

/// Looks at the broker that is set.
pub async fn examine(config: &QueueConfig) -> BrokerSeen {
    let Some(uri) = &config.broker else { return BrokerSeen::Unset };
    let place = place_of_broker(uri);
    match timeout(PATIENCE, look(config, uri)).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => BrokerSeen::Away { place, reason: error.to_string() },
        Err(_elapsed) => BrokerSeen::Away { place, reason: "it did not answer in time".to_owned() },
    }
}

async fn look(config: &QueueConfig, uri: &lapin::uri::AMQPUri) -> Result<BrokerSeen, lapin::Error> {
    let connection = Connection::connect_uri(uri.clone(), ConnectionProperties::default()).await?;
    let topology = Topology::new(&config.prefix);
    let (mut waiting, mut consumers, mut stranded) = (0_u32, 0_u32, 0_u32);
    for (name, is_work) in [
        (&topology.events, true),
        (&topology.large, true),
        (&topology.unroutable, false),
        (&topology.dead, false),
    ] {
        let queue = match passively(&connection, name).await {
            Ok(queue) => queue,
            Err(error) if is_missing(&error) => {
                return Ok(BrokerSeen::Missing { queue: name.as_str().to_owned() });
            }
            Err(error) => return Err(error),
        };
        if is_work {
            waiting = waiting.saturating_add(queue.message_count());
            consumers = consumers.max(queue.consumer_count());
        } else {
            stranded = stranded.saturating_add(queue.message_count());
        }
    }
    // Whatever goes wrong here, the broker finds out when the socket closes.
    let _ = connection.close(200, "OK".into()).await;
    Ok(BrokerSeen::Here { waiting, consumers, stranded })
}

/// On a channel of its own: a refusal closes it.
async fn passively(connection: &Connection, name: &ShortString) -> Result<Queue, lapin::Error> {
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(name.clone(), options, FieldTable::default()).await
}

fn is_missing(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(refusal) if refusal.get_id() == NOT_FOUND)
}
