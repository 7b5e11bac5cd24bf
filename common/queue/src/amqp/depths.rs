//! RabbitMQ's queues, as somebody who looks at them sees them: how many messages each has ready, and how many take from it.

use super::{error::BrokerError, topology::Topology};
use crate::{QueueConfig, backoff::chain};
use lapin::{
    Connection, ConnectionProperties,
    options::QueueDeclareOptions,
    types::{FieldTable, ShortString},
    uri::AMQPUri,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// How long a look may take, connecting and waiting for others who look included.
const LOOK: Duration = Duration::from_secs(2);

/// Within this time everybody is told the same: however many look, the broker is asked once.
const FRESH: Duration = Duration::from_secs(3);

/// A queue of RabbitMQ's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerQueue {
    /// Its name in RabbitMQ.
    pub name: String,
    /// Messages that nobody was delivered. What was delivered and not answered RabbitMQ tells to nobody but its administrators.
    pub ready: u32,
    /// Those who take from it: each worker has one.
    pub consumers: u32,
}

/// Why RabbitMQ's queues cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("RabbitMQ cannot be asked: {0}")]
pub struct Unasked(String);

/// Looks at the queues of a deployment, on a connection of its own that is opened when somebody first looks. Clones share it.
#[derive(Clone)]
pub struct BrokerQueues {
    uri: Arc<AMQPUri>,
    topology: Topology,
    process: Arc<str>,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    connection: Option<Connection>,
    seen: Option<(Instant, Vec<BrokerQueue>)>,
}

impl BrokerQueues {
    /// Asks nobody yet. `None` without a broker.
    pub(crate) fn new(config: &QueueConfig) -> Option<Self> {
        Some(Self {
            uri: Arc::new(config.broker.clone()?),
            topology: Topology::new(&config.prefix),
            process: config.process.as_str().into(),
            held: Arc::default(),
        })
    }

    /// The queues, as they were within the last 3 s. Takes 2 s at most.
    ///
    /// # Errors
    /// [`Unasked`]
    pub async fn look(&self) -> Result<Vec<BrokerQueue>, Unasked> {
        let looked = timeout(LOOK, async {
            let mut held = self.held.lock().await;
            if let Some((_, seen)) = held.seen.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
                return Ok(seen.clone());
            }
            // Whatever becomes of this look, what was seen before is old, and a connection that fails is not used again.
            held.seen = None;
            let connection = match held.connection.take().filter(|held| held.status().connected()) {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let seen = self.ask(&connection).await?;
            held.connection = Some(connection);
            held.seen = Some((Instant::now(), seen.clone()));
            Ok::<_, BrokerError>(seen)
        });
        let looked = looked.await.unwrap_or(Err(BrokerError::Timeout));
        looked.map_err(|error| Unasked(chain(&error)))
    }

    async fn connect(&self) -> Result<Connection, BrokerError> {
        let name = format!("{} look", self.process);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        Ok(Connection::connect_uri((*self.uri).clone(), properties).await?)
    }

    async fn ask(&self, connection: &Connection) -> Result<Vec<BrokerQueue>, BrokerError> {
        let channel = connection.create_channel().await?;
        let mut seen = Vec::new();
        for name in self.names() {
            // A passive declaration only looks.
            let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            let found = channel.queue_declare(name.clone(), options, FieldTable::default()).await?;
            seen.push(BrokerQueue {
                name: name.to_string(),
                ready: found.message_count(),
                consumers: found.consumer_count(),
            });
        }
        channel.close(200, "OK".into()).await?;
        Ok(seen)
    }

    fn names(&self) -> [&ShortString; 4] {
        let Topology { events, large, unroutable, dead, .. } = &self.topology;
        [events, large, unroutable, dead]
    }
}
