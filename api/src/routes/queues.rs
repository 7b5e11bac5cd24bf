//! `GET /api/v1/queues`: what waits, and who works on it.

use crate::answer::{Data, timestamp};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::openapi::Looking;
use crate::state::AppState;
use app::queues;
use axum::extract::State;
use queue::{Backlog, BrokerQueue};
use serde::Serialize;
use store::deliveries::Waiting;
use store::workers::Worker;
use utoipa::ToSchema;

/// The queues, which all projects and both modes share.
#[derive(Serialize, ToSchema)]
pub(crate) struct Queues {
    /// PostgreSQL's: all there is without RabbitMQ; beside it, what was spilled, retried or put off.
    database: DatabaseQueue,
    /// RabbitMQ's queues; null without RabbitMQ, and when it does not answer.
    broker: Option<Vec<BrokerQueueDepth>>,
    /// Why RabbitMQ's cannot be told.
    broker_problem: Option<String>,
    notifications: NotificationsOut,
    /// Workers that were seen within the last day; one that stops in order takes itself off.
    workers: Vec<SeenWorker>,
}

/// PostgreSQL's queue. Counts stop at 100,000.
#[derive(Serialize, ToSchema)]
struct DatabaseQueue {
    /// Due, and in nobody's hands.
    ready: i32,
    /// In the hands of a worker.
    in_flight: i32,
    /// Waiting for a later time.
    put_off: i32,
    /// How long the oldest that is due waits, in seconds.
    oldest_seconds: Option<f64>,
    /// Open dead letters.
    dead_letters: i32,
}

/// A queue of RabbitMQ's.
#[derive(Serialize, ToSchema)]
struct BrokerQueueDepth {
    #[schema(example = "tributary.v1.events")]
    name: String,
    /// Messages that were delivered to nobody.
    ready: u32,
    consumers: u32,
}

/// Notifications on their way to endpoints.
#[derive(Serialize, ToSchema)]
struct NotificationsOut {
    pending: i64,
    /// Kept until they are asked for.
    parked: i64,
    /// How long the oldest that is pending waits, in seconds; 0 when there is none.
    oldest_seconds: i64,
}

/// A worker's process.
#[derive(Serialize, ToSchema)]
struct SeenWorker {
    /// Where it runs, as the database sees it; null on the database's own machine.
    address: Option<String>,
    /// Its number there.
    process_id: i64,
    version: String,
    #[schema(format = DateTime)]
    started_at: String,
    #[schema(format = DateTime)]
    seen_at: String,
    /// Whether it should have been seen since: it was killed, is stuck, or is cut off from the database.
    silent: bool,
}

/// What waits, and who works on it
///
/// Depths of the queues, how long the oldest waits, and the workers that were seen. A broker that does not answer is waited for 2 s.
#[utoipa::path(
    get,
    path = "/queues",
    operation_id = "get_queues",
    tag = "Operation",
    responses(
        Looking,
        (status = 200, description = "As it is now", body = Data<Queues>),
    ),
)]
pub(crate) async fn get(State(state): State<AppState>, _caller: Caller) -> Result<Data<Queues>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let publisher = &state.publisher;
    let found = queues::look(&mut connection, publisher.prefix(), publisher.broker_queues()).await?;
    let (broker, broker_problem) = match found.broker {
        None => (None, None),
        Some(Ok(queues)) => (Some(queues.into_iter().map(BrokerQueueDepth::from).collect()), None),
        Some(Err(why)) => (None, Some(why)),
    };
    Ok(Data::new(Queues {
        database: found.database.into(),
        broker,
        broker_problem,
        notifications: found.notifications.into(),
        workers: found.workers.into_iter().map(SeenWorker::from).collect(),
    }))
}

impl From<Backlog> for DatabaseQueue {
    fn from(backlog: Backlog) -> Self {
        Self {
            ready: backlog.due.saturating_sub(backlog.in_flight),
            in_flight: backlog.in_flight,
            put_off: backlog.put_off,
            oldest_seconds: backlog.oldest,
            dead_letters: backlog.dead_letters,
        }
    }
}

impl From<BrokerQueue> for BrokerQueueDepth {
    fn from(queue: BrokerQueue) -> Self {
        Self { name: queue.name, ready: queue.ready, consumers: queue.consumers }
    }
}

impl From<Waiting> for NotificationsOut {
    fn from(waiting: Waiting) -> Self {
        Self { pending: waiting.pending, parked: waiting.parked, oldest_seconds: waiting.oldest_seconds }
    }
}

impl From<Worker> for SeenWorker {
    fn from(worker: Worker) -> Self {
        Self {
            silent: worker.is_silent(),
            address: worker.address,
            process_id: worker.process,
            version: worker.version,
            started_at: timestamp(worker.started_at),
            seen_at: timestamp(worker.seen_at),
        }
    }
}
