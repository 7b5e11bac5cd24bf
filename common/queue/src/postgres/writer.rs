//! Group commit: one task, one connection, one INSERT for whatever came while the last one ran.
//!
//! There is no timer: the batch grows with the load, and an idle writer stores a single message in
//! one round trip.

mod insert;

use crate::{
    Prefix, QueueConfig,
    backoff::{self, chain},
    config::place_of_database,
    envelope::Envelope,
    sessions, telemetry,
};
use insert::Notifier;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Messages in one INSERT. At 500 a row costs a tenth of what it does at 10; more only adds latency.
const BATCH_ROWS: usize = 512;

/// Bytes of bodies in one INSERT, which is held in memory twice.
const BATCH_BYTES: usize = 8 << 20;

/// Messages that wait for the next INSERT; who finds no room waits until its own deadline.
const WAITING: usize = 4096;

/// How long a connection may take to open, and a statement to run: after the publish deadline nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long an idle connection goes unproved: `status` is never older than this.
const IDLE_PING: Duration = Duration::from_secs(2);

/// Whether the database takes messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseStatus {
    /// The first connection is being opened.
    Connecting,
    /// The last statement succeeded.
    Up,
    /// It does not answer, or refuses; it is tried again for ever.
    Down {
        /// What it said.
        error: String,
    },
}

/// Why the database did not take a message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseRefusal {
    /// It is known to be down, or failed.
    #[error("the database is down")]
    Down,
    /// It did not answer in time; the message may be stored nevertheless.
    #[error("the database did not answer in time")]
    Deadline,
}

struct Job {
    envelope: Envelope,
    answer: oneshot::Sender<Result<(), DatabaseRefusal>>,
}

/// A handle on the writing task; clones share it.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    status: watch::Receiver<DatabaseStatus>,
}

impl Writer {
    /// Starts the task. It ends when `shutdown` is cancelled and everything it was given is stored or refused.
    pub(crate) fn start(config: &QueueConfig, shutdown: CancellationToken, tasks: &TaskTracker) -> Self {
        let (jobs, inbox) = mpsc::channel(WAITING);
        let (sender, status) = watch::channel(DatabaseStatus::Connecting);
        let commit = GroupCommit {
            options: sessions::options(config, "writer"),
            inbox,
            batch: Vec::new(),
            retried: false,
            status: sender,
            notifier: Notifier::new(config.prefix.clone()),
            queue: config.prefix.clone(),
            shutdown,
        };
        tasks.spawn(commit.run());
        Self { jobs, status }
    }

    /// Stores one message before `deadline`. `Ok` means committed.
    pub(crate) async fn publish(&self, envelope: Envelope, deadline: Instant) -> Result<(), DatabaseRefusal> {
        if matches!(*self.status.borrow(), DatabaseStatus::Down { .. }) {
            return Err(DatabaseRefusal::Down);
        }
        let (answer, answered) = oneshot::channel();
        let stored = async {
            self.jobs.send(Job { envelope, answer }).await.map_err(|_| DatabaseRefusal::Down)?;
            answered.await.unwrap_or(Err(DatabaseRefusal::Down))
        };
        timeout_at(deadline, stored).await.unwrap_or(Err(DatabaseRefusal::Deadline))
    }

    /// Whether the database takes messages, and each change of it.
    pub(crate) fn status(&self) -> &watch::Receiver<DatabaseStatus> {
        &self.status
    }
}

struct GroupCommit {
    options: PgConnectOptions,
    inbox: mpsc::Receiver<Job>,
    /// Taken from the inbox and not yet answered.
    batch: Vec<Job>,
    /// Whether the batch already cost one connection: it gets a second, not a third.
    retried: bool,
    status: watch::Sender<DatabaseStatus>,
    notifier: Notifier,
    queue: Prefix,
    shutdown: CancellationToken,
}

/// Why a connection is no longer served.
enum End {
    Lost,
    Finished,
}

impl GroupCommit {
    async fn run(mut self) {
        while let Some(connection) = self.connect().await {
            match self.serve(connection).await {
                End::Lost => metrics::counter!(telemetry::RECONNECTS, "connection" => "write").increment(1),
                End::Finished => return,
            }
        }
    }

    /// Opens a connection, however long it takes; `None` when that is no longer wanted.
    ///
    /// During the first attempt those who want something stored wait; once it has failed they are
    /// refused at once.
    async fn connect(&mut self) -> Option<PgConnection> {
        let mut delays = backoff::forever();
        loop {
            let attempt = timeout(PATIENCE, PgConnection::connect_with(&self.options));
            let outcome = tokio::select! {
                outcome = attempt => outcome,
                () = refuse_while_down(&mut self.inbox, &self.status) => return None,
                () = self.shutdown.cancelled(), if !self.inbox.is_closed() => {
                    self.inbox.close();
                    continue;
                }
            };
            let error = match outcome {
                Ok(Ok(connection)) => return Some(connection),
                Ok(Err(error)) => chain(&error),
                Err(_elapsed) => "it did not answer".to_owned(),
            };
            self.report(DatabaseStatus::Down { error });
            self.refuse_batch();
            tokio::select! {
                () = sleep(delays.next().unwrap_or_default()) => {}
                () = refuse_while_down(&mut self.inbox, &self.status) => return None,
                () = self.shutdown.cancelled(), if !self.inbox.is_closed() => self.inbox.close(),
            }
        }
    }

    async fn serve(&mut self, mut connection: PgConnection) -> End {
        self.report(DatabaseStatus::Up);
        loop {
            while !self.batch.is_empty() {
                match timeout(PATIENCE, self.store(&mut connection)).await {
                    Ok(Ok(())) => self.report(DatabaseStatus::Up),
                    Ok(Err(error)) => {
                        if sessions::is_lost(&error) {
                            if std::mem::replace(&mut self.retried, true) {
                                self.refuse_batch();
                            }
                            return End::Lost;
                        }
                        self.report(DatabaseStatus::Down { error: chain(&error) });
                        self.refuse_batch();
                    }
                    Err(_elapsed) => {
                        self.refuse_batch();
                        return End::Lost;
                    }
                }
            }
            tokio::select! {
                biased;
                taken = self.inbox.recv_many(&mut self.batch, BATCH_ROWS) => if taken == 0 {
                    return End::Finished;
                },
                () = sleep_until(self.notifier.due_at().unwrap_or_else(Instant::now)), if self.notifier.due_at().is_some() => {
                    if self.notifier.send(&mut connection).await.is_err() {
                        return End::Lost;
                    }
                }
                () = self.shutdown.cancelled(), if !self.inbox.is_closed() => self.inbox.close(),
                () = sleep(IDLE_PING) => match timeout(PATIENCE, connection.ping()).await {
                    Ok(Ok(())) => self.report(DatabaseStatus::Up),
                    Ok(Err(_)) | Err(_) => return End::Lost,
                },
            }
        }
    }

    /// Stores as much of the batch as fits one statement and answers those who wait for it.
    async fn store(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.batch.retain(|job| !job.answer.is_closed());
        let rows = rows_within(self.batch.iter().map(|job| job.envelope.body.len()), BATCH_BYTES);
        if rows == 0 {
            return Ok(());
        }
        let envelopes: Vec<_> = self.batch.iter().take(rows).map(|job| &job.envelope).collect();
        match insert::insert(connection, &self.queue, &envelopes, &mut self.notifier).await {
            Ok(()) => {
                self.retried = false;
                for job in self.batch.drain(..rows) {
                    let _ = job.answer.send(Ok(()));
                }
                Ok(())
            }
            // One message that can't be stored must not take the others with it.
            Err(error) if sessions::is_data_error(&error) => {
                for job in self.batch.drain(..rows) {
                    let stored =
                        insert::insert(connection, &self.queue, &[&job.envelope], &mut self.notifier).await;
                    if let Err(error) = &stored {
                        let id = job.envelope.headers.message_id;
                        tracing::error!(message.id = %id, error = chain(error), "a message can't be stored");
                    }
                    let _ = job.answer.send(stored.map_err(|_| DatabaseRefusal::Down));
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn refuse_batch(&mut self) {
        self.retried = false;
        for job in self.batch.drain(..) {
            let _ = job.answer.send(Err(DatabaseRefusal::Down));
        }
    }

    /// Tells the status, and logs it when it changes kind.
    fn report(&self, status: DatabaseStatus) {
        self.status.send_if_modified(|current| {
            if *current == status {
                return false;
            }
            let up = matches!(status, DatabaseStatus::Up);
            match (&status, &*current) {
                (DatabaseStatus::Down { error }, DatabaseStatus::Up | DatabaseStatus::Connecting) => {
                    let database = place_of_database(&self.options);
                    tracing::warn!(database, error, "the database takes no messages");
                }
                (DatabaseStatus::Up, _) => tracing::info!("the database takes messages"),
                (DatabaseStatus::Connecting | DatabaseStatus::Down { .. }, _) => {}
            }
            metrics::gauge!(telemetry::UP, "store" => "database").set(if up { 1.0 } else { 0.0 });
            *current = status;
            true
        });
    }
}

/// Refuses whoever comes while the database is down. Returns when nobody can come any more.
async fn refuse_while_down(inbox: &mut mpsc::Receiver<Job>, status: &watch::Sender<DatabaseStatus>) {
    if !matches!(*status.borrow(), DatabaseStatus::Down { .. }) {
        // The attempt that runs may still succeed within the deadline of those who wait.
        return std::future::pending().await;
    }
    while let Some(job) = inbox.recv().await {
        let _ = job.answer.send(Err(DatabaseRefusal::Down));
    }
}

/// How many of the leading bodies stay within `limit` together; at least one.
fn rows_within(bodies: impl Iterator<Item = usize>, limit: usize) -> usize {
    bodies
        .scan(0_usize, |total, size| {
            let fits = *total == 0 || total.saturating_add(size) <= limit;
            *total = total.saturating_add(size.max(1));
            fits.then_some(())
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_bounded_in_bytes_but_never_empty() {
        let rows = |sizes: &[usize]| rows_within(sizes.iter().copied(), 10);
        assert_eq!(rows(&[]), 0);
        assert_eq!(rows(&[11]), 1);
        assert_eq!(rows(&[11, 1]), 1);
        assert_eq!(rows(&[4, 4, 2, 1]), 3);
        assert_eq!(rows(&[0, 11]), 1);
    }
}
