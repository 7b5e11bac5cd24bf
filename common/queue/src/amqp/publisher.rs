//! Publishing with confirms: one connection, one channel, one task.
//!
//! One task, because lapin takes a delivery tag and queues its frames under different locks, so that
//! two tasks on a channel can swap their confirms; [`window`] deals with the rest of it.

mod session;
mod window;

use super::{codec, connection::BrokerConnection, error::BrokerError, topology::Topology};
use crate::{
    QueueConfig,
    backoff::{self, chain},
    config::place_of_broker,
    envelope::Envelope,
    telemetry,
};
use lapin::{Channel, options::ConfirmSelectOptions, uri::AMQPUri};
use session::{End, Session};
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use window::Job;

/// Messages that wait for room in flight. Who finds no room goes to the database at once.
const WAITING: usize = 1024;

/// After a message was returned the topology is declared again; this keeps a broker that returns
/// everything from being asked in a busy loop.
const RETURNED_PAUSE: Duration = Duration::from_millis(100);

/// Whether RabbitMQ takes messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerStatus {
    /// The first connection is being opened.
    Connecting,
    /// It is connected and confirms.
    Ready,
    /// It told publishers to stop: a memory or disk alarm.
    Blocked {
        /// What it said.
        reason: String,
    },
    /// It is connected but has not confirmed anything for a while.
    Stalled,
    /// There is no connection, or its queues are not as they should be; it is tried again for ever.
    Down {
        /// What went wrong.
        error: String,
    },
}

/// Why RabbitMQ did not take a message. It may have kept it all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrokerRefusal {
    /// There is no connection, or it broke.
    Down,
    /// It told publishers to stop.
    Blocked,
    /// It did not confirm in time.
    Deadline,
    /// A message was returned while this one was in flight, maybe this one.
    Returned,
    /// It said no, e.g. since the queue is full.
    Nacked,
    /// More wait than it confirms.
    Overloaded,
}

impl BrokerRefusal {
    /// The refusal as a metric's label.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Blocked => "blocked",
            Self::Deadline => "deadline",
            Self::Returned => "returned",
            Self::Nacked => "nacked",
            Self::Overloaded => "overloaded",
        }
    }
}

/// A handle on the publishing task; clones share it.
#[derive(Clone)]
pub(crate) struct Publisher {
    jobs: mpsc::Sender<Job>,
    status: watch::Receiver<BrokerStatus>,
}

impl Publisher {
    /// Starts the task, if a broker is configured. It ends when `shutdown` is cancelled and
    /// everything it was given is confirmed or refused.
    pub(crate) fn start(
        config: &QueueConfig,
        shutdown: CancellationToken,
        tasks: &TaskTracker,
    ) -> Option<Self> {
        let uri = config.broker.clone()?;
        let (jobs, inbox) = mpsc::channel(WAITING);
        let (sender, status) = watch::channel(BrokerStatus::Connecting);
        let status_of = Status { sender, place: place_of_broker(&uri) };
        let supervisor = Supervisor { uri, config: config.clone(), inbox, status: status_of, shutdown };
        tasks.spawn(supervisor.run());
        Some(Self { jobs, status })
    }

    /// Publishes one message; `Ok` means that a quorum queue confirmed it before `deadline`.
    pub(crate) async fn publish(&self, envelope: &Envelope, deadline: Instant) -> Result<(), BrokerRefusal> {
        match &*self.status.borrow() {
            BrokerStatus::Ready => {}
            BrokerStatus::Blocked { .. } => return Err(BrokerRefusal::Blocked),
            BrokerStatus::Stalled => return Err(BrokerRefusal::Deadline),
            BrokerStatus::Connecting | BrokerStatus::Down { .. } => return Err(BrokerRefusal::Down),
        }
        let (answer, answered) = oneshot::channel();
        let job = Job {
            routing_key: Topology::routing_key(envelope.body.len()),
            properties: codec::properties(&envelope.headers),
            body: envelope.body.clone(),
            answer,
        };
        self.jobs.try_send(job).map_err(|_| BrokerRefusal::Overloaded)?;
        match timeout_at(deadline, answered).await {
            Ok(answer) => answer.unwrap_or(Err(BrokerRefusal::Down)),
            // The task keeps the confirm and awaits it: lapin leaks confirms that are dropped.
            Err(_elapsed) => Err(BrokerRefusal::Deadline),
        }
    }

    /// Whether the broker takes messages, and each change of it.
    pub(crate) fn status(&self) -> &watch::Receiver<BrokerStatus> {
        &self.status
    }
}

struct Supervisor {
    uri: AMQPUri,
    config: QueueConfig,
    inbox: mpsc::Receiver<Job>,
    status: Status,
    shutdown: CancellationToken,
}

impl Supervisor {
    async fn run(mut self) {
        let mut delays = backoff::forever();
        while !self.shutdown.is_cancelled() {
            let topology = Topology::new(&self.config.prefix);
            let opened = tokio::select! {
                opened = BrokerConnection::open(&self.uri, &self.config, "publish", topology) => opened,
                () = refuse(&mut self.inbox) => return,
                () = self.shutdown.cancelled() => break,
            };
            let error = match opened {
                Ok(connection) => {
                    delays = backoff::forever();
                    match self.serve(&connection).await {
                        Ok(()) => return connection.close().await,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.status.set(BrokerStatus::Down { error: chain(&error) });
            metrics::counter!(telemetry::RECONNECTS, "connection" => "publish").increment(1);
            tokio::select! {
                () = sleep(delays.next().unwrap_or_default()) => {}
                () = refuse(&mut self.inbox) => return,
                () = self.shutdown.cancelled() => break,
            }
        }
        self.status.set(BrokerStatus::Down { error: "shutting down".to_owned() });
        self.inbox.close();
        refuse(&mut self.inbox).await;
    }

    /// Publishes over the connection until it is lost, or until nothing is left to do after shutdown.
    async fn serve(&mut self, broker: &BrokerConnection) -> Result<(), BrokerError> {
        let mut events = broker.events();
        let channel = confirming(broker).await?;
        loop {
            self.status.set(BrokerStatus::Ready);
            let session = Session {
                channel: &channel,
                broker,
                events: &mut events,
                inbox: &mut self.inbox,
                status: &self.status,
                shutdown: &self.shutdown,
            };
            match session.run().await {
                End::Finished => return Ok(()),
                End::Lost(error) => return Err(error),
                End::Returned => {
                    self.status.set(BrokerStatus::Down { error: "it returned a message".to_owned() });
                    tokio::select! {
                        () = sleep(RETURNED_PAUSE) => {}
                        () = refuse(&mut self.inbox) => return Ok(()),
                    }
                    broker.topology.declare(&broker.connection).await?;
                }
            }
        }
    }
}

/// A channel that confirms.
async fn confirming(broker: &BrokerConnection) -> Result<Channel, BrokerError> {
    let channel = broker.connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

/// Refuses whoever comes, until nobody can.
async fn refuse(inbox: &mut mpsc::Receiver<Job>) {
    while let Some(job) = inbox.recv().await {
        let _ = job.answer.send(Err(BrokerRefusal::Down));
    }
}

/// The status, told to whoever asks, logged and measured when it changes.
struct Status {
    sender: watch::Sender<BrokerStatus>,
    /// Whose it is, for the log.
    place: String,
}

impl Status {
    fn is_stalled(&self) -> bool {
        *self.sender.borrow() == BrokerStatus::Stalled
    }

    fn is_blocked(&self) -> bool {
        matches!(*self.sender.borrow(), BrokerStatus::Blocked { .. })
    }

    fn set(&self, status: BrokerStatus) {
        let broker = &self.place;
        self.sender.send_if_modified(|current| {
            if *current == status {
                return false;
            }
            match &status {
                BrokerStatus::Connecting => {}
                BrokerStatus::Ready => tracing::info!(broker, "RabbitMQ takes messages"),
                BrokerStatus::Blocked { reason } => {
                    tracing::warn!(broker, reason, "RabbitMQ blocks publishers");
                }
                BrokerStatus::Stalled => tracing::warn!(broker, "RabbitMQ does not confirm"),
                BrokerStatus::Down { error } => tracing::warn!(broker, error, "RabbitMQ takes no messages"),
            }
            let flag = |on| if on { 1.0 } else { 0.0 };
            let ready = status == BrokerStatus::Ready;
            metrics::gauge!(telemetry::UP, "store" => "broker").set(flag(ready));
            let blocked = matches!(status, BrokerStatus::Blocked { .. });
            metrics::gauge!(telemetry::BLOCKED).set(flag(blocked));
            *current = status;
            true
        });
    }
}
