//! The statements that finish deliveries.

use super::{
    dead_letter_row::{DeadLetterRows, storable},
    names,
};
use crate::{
    Delivery, Disposition, Prefix,
    envelope::{Envelope, Headers},
    receipt::{LeaseReceipt, Receipt},
};
use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

/// What a batch of outcomes asks of the database, sorted by statement.
pub(super) struct Plan<'a> {
    pub(super) acks: usize,
    pub(super) retries: usize,
    pub(super) put_offs: usize,
    pub(super) dead: usize,
    dead_letters: DeadLetterRows<'a>,
    /// Rows that are done with.
    gone: Vec<i64>,
    put_off: PutOff,
    put_aside: PutAside<'a>,
    leases: Vec<Uuid>,
}

/// Rows of the database that wait for their next try.
#[derive(Default)]
struct PutOff {
    ids: Vec<i64>,
    /// 1 for a delivery that failed.
    failed: Vec<i32>,
    times: Vec<DateTime<Utc>>,
    reasons: Vec<String>,
}

/// Messages of RabbitMQ that wait for their next try in the database.
#[derive(Default)]
pub(super) struct PutAside<'a> {
    headers: Vec<Json<&'a Headers>>,
    bodies: Vec<&'a [u8]>,
    attempts: Vec<i32>,
    times: Vec<DateTime<Utc>>,
    reasons: Vec<String>,
}

impl<'a> Plan<'a> {
    pub(super) fn of(outcomes: &'a [(Delivery, Disposition)]) -> Self {
        let receipts = outcomes.iter().filter_map(|(delivery, _)| match &delivery.receipt {
            Receipt::Broker(_) => None,
            Receipt::Database(receipt) => Some(&receipt.lease),
        });
        let mut plan = Self {
            acks: 0,
            retries: 0,
            put_offs: 0,
            dead: 0,
            dead_letters: DeadLetterRows::default(),
            gone: Vec::new(),
            put_off: PutOff::default(),
            put_aside: PutAside::default(),
            leases: names(receipts),
        };
        for (delivery, disposition) in outcomes {
            plan.add(delivery, disposition);
        }
        plan
    }

    fn add(&mut self, delivery: &'a Delivery, disposition: &Disposition) {
        match (disposition, &delivery.receipt) {
            (Disposition::Ack, Receipt::Broker(_)) => self.acks += 1,
            (Disposition::Ack, Receipt::Database(receipt)) => {
                self.acks += 1;
                self.gone.push(receipt.id);
            }
            (Disposition::Retry { at, reason }, receipt) => {
                self.retries += 1;
                self.put_off(delivery, receipt, 1, *at, reason);
            }
            (Disposition::PutOff { at, reason }, receipt) => {
                self.put_offs += 1;
                self.put_off(delivery, receipt, 0, *at, reason);
            }
            (Disposition::DeadLetter { reason }, receipt) => {
                self.dead += 1;
                self.dead_letters.push_delivery(delivery, reason);
                if let Receipt::Database(receipt) = receipt {
                    self.gone.push(receipt.id);
                }
            }
        }
    }

    fn put_off(
        &mut self,
        delivery: &'a Delivery,
        receipt: &Receipt,
        failed: u32,
        at: DateTime<Utc>,
        reason: &str,
    ) {
        match receipt {
            Receipt::Broker(_) => {
                let Envelope { headers, body } = &delivery.envelope;
                self.put_aside.push(headers, body, delivery.attempt.saturating_add(failed), at, reason);
            }
            Receipt::Database(receipt) => {
                self.put_off.ids.push(receipt.id);
                self.put_off.failed.push(i32::try_from(failed).unwrap_or(i32::MAX));
                self.put_off.times.push(at);
                self.put_off.reasons.push(storable(reason));
            }
        }
    }

    /// Whether the database has nothing to do: acknowledgements of RabbitMQ alone need no statement.
    pub(super) fn is_empty(&self) -> bool {
        self.dead_letters.is_empty()
            && self.put_aside.is_empty()
            && self.put_off.ids.is_empty()
            && self.gone.is_empty()
    }

    /// Commits the plan, all or nothing.
    pub(super) async fn execute(
        &mut self,
        connection: &mut PgConnection,
        queue: &Prefix,
    ) -> Result<(), sqlx::Error> {
        let (dead_letters, put_aside) =
            (std::mem::take(&mut self.dead_letters), std::mem::take(&mut self.put_aside));
        if dead_letters.is_empty() && put_aside.is_empty() && self.put_off.ids.is_empty() {
            return delete(connection, &self.gone, &self.leases).await;
        }
        let mut transaction = connection.begin().await?;
        if !dead_letters.is_empty() {
            dead_letters.insert(&mut *transaction, queue).await?;
        }
        if !put_aside.is_empty() {
            put_aside.insert(&mut *transaction, queue).await?;
        }
        if !self.put_off.ids.is_empty() {
            self.put_off.update(&mut *transaction, &self.leases).await?;
        }
        delete(&mut *transaction, &self.gone, &self.leases).await?;
        transaction.commit().await
    }
}

impl<'a> PutAside<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// Adds a message that waits until `at`, after so many deliveries that failed.
    pub(super) fn push(
        &mut self,
        headers: &'a Headers,
        body: &'a [u8],
        attempt: u32,
        at: DateTime<Utc>,
        reason: &str,
    ) {
        self.headers.push(Json(headers));
        self.bodies.push(body);
        self.attempts.push(i32::try_from(attempt).unwrap_or(i32::MAX));
        self.times.push(at);
        self.reasons.push(storable(reason));
    }

    pub(super) async fn insert(
        &self,
        executor: impl PgExecutor<'_>,
        queue: &Prefix,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "INSERT INTO queue_messages (queue, headers, body, attempt, run_at, reason)
             SELECT $1, * FROM UNNEST($2::JSONB[], $3::BYTEA[], $4::INTEGER[], $5::TIMESTAMPTZ[], $6::TEXT[])",
            queue.as_str(),
            &self.headers as _,
            &self.bodies as _,
            &self.attempts,
            &self.times,
            &self.reasons,
        )
        .execute(executor)
        .await?;
        Ok(())
    }
}

impl PutOff {
    async fn update(&self, executor: impl PgExecutor<'_>, leases: &[Uuid]) -> Result<(), sqlx::Error> {
        let updated = sqlx::query!(
            "UPDATE queue_messages AS message
             SET attempt = attempt + put_off.failed, trials = 0, run_at = put_off.run_at, reason = put_off.reason,
                 lease = NULL, leased_until = NULL
             FROM UNNEST($1::BIGINT[], $2::INTEGER[], $3::TIMESTAMPTZ[], $4::TEXT[]) AS put_off (id, failed, run_at, reason)
             WHERE message.id = put_off.id AND message.id = ANY($1) AND message.lease = ANY($5)",
            &self.ids,
            &self.failed,
            &self.times,
            &self.reasons,
            leases,
        )
        .execute(executor)
        .await?;
        log_lost(self.ids.len(), updated.rows_affected());
        Ok(())
    }
}

/// Deletes rows that are done with, as far as they are still held.
pub(super) async fn delete(
    executor: impl PgExecutor<'_>,
    ids: &[i64],
    leases: &[Uuid],
) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let deleted =
        sqlx::query!("DELETE FROM queue_messages WHERE id = ANY($1) AND lease = ANY($2)", ids, leases)
            .execute(executor)
            .await?;
    log_lost(ids.len(), deleted.rows_affected());
    Ok(())
}

/// Counts the beginning of a trial, and tells how many there were before.
pub(super) async fn try_alone(
    connection: &mut PgConnection,
    receipt: &LeaseReceipt,
) -> Result<Option<u32>, sqlx::Error> {
    let trials = sqlx::query_scalar!(
        "UPDATE queue_messages SET trials = trials + 1 WHERE id = $1 AND lease = $2 RETURNING trials - 1 AS trials",
        receipt.id,
        receipt.lease.name,
    )
    .fetch_optional(connection)
    .await?;
    Ok(trials.map(|trials| trials.and_then(|trials| u32::try_from(trials).ok()).unwrap_or(0)))
}

/// Ends the leases, so that any worker may take the rows at once. Who gives back is alive, so no trial counts.
pub(super) async fn release(
    executor: impl PgExecutor<'_>,
    ids: &[i64],
    leases: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE queue_messages SET lease = NULL, leased_until = NULL, trials = 0
         WHERE id = ANY($1) AND lease = ANY($2)",
        ids,
        leases,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// A lease that ended while its message was worked on is worth knowing: the message is worked on twice.
fn log_lost(held: usize, affected: u64) {
    let lost = u64::try_from(held).unwrap_or(u64::MAX).saturating_sub(affected);
    if lost > 0 {
        tracing::warn!(messages = lost, "leases ended before their messages were settled");
    }
}
