//! Finishing deliveries: whatever must be kept is committed to PostgreSQL first, then the message is acknowledged.

mod dead_letter_row;
mod dead_letter_writer;
mod statements;

pub(super) use dead_letter_row::DeadLetterRow;
pub(super) use dead_letter_writer::{DeadLetterWriter, Parked};

use super::{
    Delivery, Disposition, Prefix,
    receipt::{BrokerReceipt, Lease, Receipt},
    sessions::PATIENCE,
    telemetry::{self, increment},
};
use database::{Sessions, within};
use statements::Plan;
use uuid::Uuid;

/// Finishes deliveries, or hands them back; clones share the consumer's connections.
#[derive(Clone, Debug)]
pub struct Acknowledger {
    sessions: Sessions,
    queue: Prefix,
}

/// The database could not keep what has to be kept. Nothing was acknowledged; try again.
#[derive(Debug, thiserror::Error)]
#[error("{} deliveries could not be finished", outcomes.len())]
pub struct AckError {
    /// What was to be finished, unchanged.
    pub outcomes: Vec<(Delivery, Disposition)>,
    /// What the database said.
    pub source: sqlx::Error,
}

impl Acknowledger {
    pub(super) fn new(sessions: Sessions, queue: Prefix) -> Self {
        Self { sessions, queue }
    }

    /// Finishes each delivery as decided, in at most four statements whatever their number.
    ///
    /// A message of RabbitMQ is acknowledged after its retry or dead letter is committed, so a crash
    /// in between delivers it twice and loses it never. A message whose lease went to another worker
    /// meanwhile is left to that worker.
    pub async fn finish(&self, outcomes: Vec<(Delivery, Disposition)>) -> Result<(), AckError> {
        let mut plan = Plan::of(&outcomes);
        let executed = self.execute(&mut plan).await;
        let counts = [
            ("ack", plan.acks),
            ("retry", plan.retries),
            ("put_off", plan.put_offs),
            ("dead_letter", plan.dead),
        ];
        if let Err(source) = executed {
            return Err(AckError { outcomes, source });
        }
        for (disposition, n) in counts {
            metrics::counter!(telemetry::FINISHED, "disposition" => disposition).increment(increment(n));
        }
        BrokerReceipt::ack(outcomes.into_iter().filter_map(|(delivery, _)| match delivery.receipt {
            Receipt::Broker(receipt) => Some(receipt),
            Receipt::Database(_) => None,
        }));
        Ok(())
    }

    /// Takes note that one message is worked on now and no other, so that it can be told who a worker died of, and tells
    /// how often that began before and did not end. `None` when its lease went to another worker, or when it is no row
    /// of the database.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn try_alone(&self, delivery: &Delivery) -> Result<Option<u32>, sqlx::Error> {
        let Receipt::Database(receipt) = &delivery.receipt else { return Ok(None) };
        let mut session = self.sessions.open().await?;
        let outcome = within(PATIENCE, statements::try_alone(&mut session, receipt)).await;
        session.end(outcome).await
    }

    /// Hands deliveries back unworked, for another worker to take at once. If the database is down,
    /// its part comes back when the leases end.
    pub async fn release(&self, deliveries: Vec<Delivery>) {
        let (mut broker, mut database) = (Vec::new(), Vec::new());
        for delivery in deliveries {
            match delivery.receipt {
                Receipt::Broker(receipt) => broker.push(receipt),
                Receipt::Database(receipt) => database.push(receipt),
            }
        }
        BrokerReceipt::requeue(broker);
        let rows: Vec<i64> = database.iter().map(|receipt| receipt.id).collect();
        let leases = names(database.iter().map(|receipt| &receipt.lease));
        if rows.is_empty() {
            return;
        }
        if let Err(error) = self.end_leases(&rows, &leases).await {
            tracing::warn!(
                error = super::backoff::chain(&error),
                messages = rows.len(),
                "messages could not be handed back; they will be delivered when their leases end"
            );
        }
    }

    async fn execute(&self, plan: &mut Plan<'_>) -> Result<(), sqlx::Error> {
        if plan.is_empty() {
            return Ok(());
        }
        let mut session = self.sessions.open().await?;
        let outcome = within(PATIENCE, plan.execute(&mut session, &self.queue)).await;
        session.end(outcome).await
    }

    async fn end_leases(&self, rows: &[i64], leases: &[Uuid]) -> Result<(), sqlx::Error> {
        let mut session = self.sessions.open().await?;
        let outcome = within(PATIENCE, statements::release(&mut *session, rows, leases)).await;
        session.end(outcome).await
    }
}

/// The names of the leases, once each: one, unless deliveries of several consumers are mixed.
fn names<'a>(leases: impl Iterator<Item = &'a Lease>) -> Vec<Uuid> {
    let mut names: Vec<Uuid> = leases.map(|lease| lease.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}
