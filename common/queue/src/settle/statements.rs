//! The statements of settling.

use super::{
    burial::{Graves, storable},
    names,
};
use crate::{Delivery, Disposition, Prefix, delivery::Receipt, envelope::Headers};
use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, PgPool, types::Json};
use uuid::Uuid;

/// What a batch of outcomes asks of the database, sorted by statement.
pub(super) struct Plan<'a> {
    pub(super) acks: usize,
    pub(super) retries: usize,
    pub(super) dead: usize,
    graves: Graves<'a>,
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
    times: Vec<DateTime<Utc>>,
    reasons: Vec<String>,
}

/// Messages of RabbitMQ that wait for their next try in the database.
#[derive(Default)]
struct PutAside<'a> {
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
            dead: 0,
            graves: Graves::default(),
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
            (Disposition::Retry { at, reason }, Receipt::Broker(_)) => {
                self.retries += 1;
                self.put_aside.headers.push(Json(&delivery.envelope.headers));
                self.put_aside.bodies.push(&delivery.envelope.body);
                let attempt = delivery.attempt.saturating_add(1);
                self.put_aside.attempts.push(i32::try_from(attempt).unwrap_or(i32::MAX));
                self.put_aside.times.push(*at);
                self.put_aside.reasons.push(storable(reason));
            }
            (Disposition::Retry { at, reason }, Receipt::Database(receipt)) => {
                self.retries += 1;
                self.put_off.ids.push(receipt.id);
                self.put_off.times.push(*at);
                self.put_off.reasons.push(storable(reason));
            }
            (Disposition::DeadLetter { reason }, receipt) => {
                self.dead += 1;
                self.graves.push_delivery(delivery, reason);
                if let Receipt::Database(receipt) = receipt {
                    self.gone.push(receipt.id);
                }
            }
        }
    }

    /// Commits the plan, all or nothing. Acknowledgements of RabbitMQ alone need no statement.
    pub(super) async fn execute(&mut self, pool: &PgPool, queue: &Prefix) -> Result<(), sqlx::Error> {
        let (graves, put_aside) = (std::mem::take(&mut self.graves), std::mem::take(&mut self.put_aside));
        if graves.is_empty() && put_aside.bodies.is_empty() && self.put_off.ids.is_empty() {
            return delete(pool, &self.gone, &self.leases).await;
        }
        let mut transaction = pool.begin().await?;
        if !graves.is_empty() {
            graves.insert(&mut *transaction, queue).await?;
        }
        if !put_aside.bodies.is_empty() {
            put_aside.insert(&mut *transaction, queue).await?;
        }
        if !self.put_off.ids.is_empty() {
            self.put_off.update(&mut *transaction, &self.leases).await?;
        }
        delete(&mut *transaction, &self.gone, &self.leases).await?;
        transaction.commit().await
    }
}

impl PutAside<'_> {
    async fn insert(&self, executor: impl PgExecutor<'_>, queue: &Prefix) -> Result<(), sqlx::Error> {
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
             SET attempt = attempt + 1, run_at = put_off.run_at, reason = put_off.reason, lease = NULL, leased_until = NULL
             FROM UNNEST($1::BIGINT[], $2::TIMESTAMPTZ[], $3::TEXT[]) AS put_off (id, run_at, reason)
             WHERE message.id = put_off.id AND message.lease = ANY($4)",
            &self.ids,
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

/// Ends the leases, so that any worker may take the rows at once.
pub(super) async fn release(
    executor: impl PgExecutor<'_>,
    ids: &[i64],
    leases: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE queue_messages SET lease = NULL, leased_until = NULL WHERE id = ANY($1) AND lease = ANY($2)",
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
