//! Consuming: the events, what was unroutable, and what the broker gave up, each on a channel of one
//! connection of their own (an alarm blocks publishing connections, not this one).

mod depth;
mod oldest;
mod session;

use super::{connection::BrokerConnection, error::BrokerError, topology::Topology};
use crate::{
    Delivery, QueueConfig,
    acknowledge::DeadLetterWriter,
    backoff::{self, chain},
    config::{LARGE_PREFETCH, place_of_broker},
    telemetry,
};
use lapin::uri::AMQPUri;
use oldest::Oldest;
use session::{Session, Sink};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Prefetch of the queues that are empty on a good day; what lies there may be of any size.
const SIDE_PREFETCH: u16 = 8;

/// Starts consuming, if a broker is configured, until `shutdown`. Deliveries come by the returned channel.
pub(crate) fn consume(
    config: &QueueConfig,
    dead_letter_writer: DeadLetterWriter,
    shutdown: CancellationToken,
    tasks: &TaskTracker,
) -> Option<mpsc::Receiver<Delivery>> {
    let uri = config.broker.clone()?;
    // What RabbitMQ may deliver unsettled fits, so a session never waits for the worker.
    let capacity = [config.prefetch.max(1), LARGE_PREFETCH, SIDE_PREFETCH].map(usize::from).iter().sum();
    let (deliveries, inbox) = mpsc::channel(capacity);
    let supervisor = Supervisor {
        uri,
        config: config.clone(),
        deliveries,
        dead_letter_writer,
        oldest: Oldest::default(),
        shutdown,
    };
    tasks.spawn(supervisor.run());
    Some(inbox)
}

struct Supervisor {
    uri: AMQPUri,
    config: QueueConfig,
    deliveries: mpsc::Sender<Delivery>,
    dead_letter_writer: DeadLetterWriter,
    oldest: Oldest,
    shutdown: CancellationToken,
}

impl Supervisor {
    async fn run(self) {
        let broker = place_of_broker(&self.uri);
        let mut delays = backoff::forever();
        let mut last = None;
        while !self.shutdown.is_cancelled() {
            let topology = Topology::new(&self.config.prefix);
            let opened = tokio::select! {
                opened = BrokerConnection::open(&self.uri, &self.config, "consume", topology) => opened,
                () = self.shutdown.cancelled() => return,
            };
            let error = match opened {
                Ok(connection) => {
                    delays = backoff::forever();
                    last = None;
                    tracing::info!(broker, "consuming from RabbitMQ");
                    match self.serve(&connection).await {
                        Ok(()) => return connection.close().await,
                        Err(error) => {
                            connection.close().await;
                            error
                        }
                    }
                }
                Err(error) => error,
            };
            let error = Some(chain(&error));
            if last != error {
                tracing::warn!(broker, error, "not consuming from RabbitMQ");
                last = error;
            }
            metrics::counter!(telemetry::RECONNECTS, "connection" => "consume").increment(1);
            tokio::select! {
                () = sleep(delays.next().unwrap_or_default()) => {}
                () = self.shutdown.cancelled() => return,
            }
        }
    }

    /// Consumes until one of the channels fails, or until all have finished after shutdown.
    async fn serve(&self, broker: &BrokerConnection) -> Result<(), BrokerError> {
        let worker = || Sink::Worker {
            deliveries: self.deliveries.clone(),
            dead_letter_writer: self.dead_letter_writer.clone(),
        };
        let topology = &broker.topology;
        let sources = [
            (&topology.events, self.config.prefetch.max(1), worker()),
            (&topology.large, LARGE_PREFETCH, worker()),
            (&topology.unroutable, SIDE_PREFETCH, worker().counting_unroutable()),
            (&topology.dead, SIDE_PREFETCH, Sink::DeadLetterWriter(self.dead_letter_writer.clone())),
        ];
        // Sessions that are dropped unfinished forget their deliveries: the broker delivers them again.
        let mut sessions = JoinSet::new();
        for (queue, prefetch, sink) in sources {
            let session = Session::open(&broker.connection, queue, prefetch, sink).await?;
            sessions.spawn(session.run(self.shutdown.clone(), self.oldest.clone()));
        }
        let finished = async {
            while let Some(ended) = sessions.join_next().await {
                // A panic in a session would be a bug; the connection is opened again all the same.
                ended.unwrap_or_else(|error| Err(BrokerError::ConsumerEnded(error.to_string())))?;
            }
            Ok(())
        };
        let queues = [&topology.events, &topology.large, &topology.unroutable, &topology.dead];
        tokio::select! {
            finished = finished => finished,
            error = depth::measure(&broker.connection, &queues) => Err(error),
        }
    }
}
