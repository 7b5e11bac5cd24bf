//! What waits, where, for how long, and who works on it: of all projects, since they share the queue.

use crate::Error;
use queue::{Backlog, BrokerQueue, BrokerQueues, Prefix};
use store::{
    PgConnection,
    deliveries::{self, Waiting},
    workers::{self, Worker},
};

/// The queues and who takes from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Queues {
    /// PostgreSQL's: the queue without a broker; with one, what was spilled, retried or put off.
    pub database: Backlog,
    /// RabbitMQ's, or why they cannot be told; none without a broker.
    pub broker: Option<Result<Vec<BrokerQueue>, String>>,
    /// Notifications on their way to endpoints.
    pub notifications: Waiting,
    /// Workers that were seen within the last day.
    pub workers: Vec<Worker>,
}

impl Queues {
    /// Whether a worker was seen of late.
    #[must_use]
    pub fn is_worked_on(&self) -> bool {
        self.workers.iter().any(|worker| !worker.is_silent())
    }
}

/// Looks at them. Counts stop at 100,000, and a broker that does not answer is waited for 2 s.
///
/// # Errors
/// [`Error::Store`]
pub async fn look(
    connection: &mut PgConnection,
    queue: &Prefix,
    broker: Option<&BrokerQueues>,
) -> Result<Queues, Error> {
    let database = queue::backlog(connection, queue).await?;
    let notifications = deliveries::waiting(connection).await?;
    let workers = workers::list(connection, queue.as_str()).await?;
    let broker = match broker {
        None => None,
        Some(broker) => Some(broker.look().await.map_err(|unasked| unasked.to_string())),
    };
    Ok(Queues { database, broker, notifications, workers })
}
