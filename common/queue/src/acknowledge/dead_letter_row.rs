//! What goes into `dead_letters`.

use crate::{Delivery, Prefix, envelope::Headers, receipt::Receipt};
use bytes::Bytes;
use serde_json::Value;
use sqlx::PgExecutor;

/// A message that could not be read, or that RabbitMQ gave up, on its way to `dead_letters`.
#[derive(Debug)]
pub(crate) struct DeadLetterRow {
    /// The headers, or what could be read of them.
    pub(crate) headers: Value,
    /// The body as it was received.
    pub(crate) body: Bytes,
    /// How many deliveries it had, with this one.
    pub(crate) attempts: u32,
    /// What has to be mended.
    pub(crate) reason: String,
    /// Where it came from.
    pub(crate) receipt: Receipt,
}

/// Rows for `dead_letters`, by column.
#[derive(Default)]
pub(super) struct DeadLetterRows<'a> {
    projects: Vec<Option<i64>>,
    livemodes: Vec<Option<bool>>,
    headers: Vec<Value>,
    bodies: Vec<&'a [u8]>,
    attempts: Vec<i32>,
    reasons: Vec<String>,
}

impl<'a> DeadLetterRows<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    pub(super) fn push_delivery(&mut self, delivery: &'a Delivery, reason: &str) {
        let Headers { project, mode, .. } = delivery.envelope.headers;
        // Serialising our own headers can't fail: they are numbers, strings and times.
        let headers = serde_json::to_value(&delivery.envelope.headers).unwrap_or_default();
        // The worker's delivery failed too, so it counts.
        let attempts = delivery.attempt.saturating_add(1);
        self.push(Some(project.0), Some(mode.is_live()), headers, &delivery.envelope.body, attempts, reason);
    }

    pub(super) fn push_row(&mut self, row: &'a DeadLetterRow) {
        let project = row.headers.get("project").and_then(Value::as_i64);
        let livemode = match row.headers.get("mode").and_then(Value::as_str) {
            Some("live") => Some(true),
            Some("test") => Some(false),
            _ => None,
        };
        self.push(project, livemode, row.headers.clone(), &row.body, row.attempts, &row.reason);
    }

    fn push(
        &mut self,
        project: Option<i64>,
        livemode: Option<bool>,
        headers: Value,
        body: &'a [u8],
        attempts: u32,
        reason: &str,
    ) {
        self.projects.push(project);
        self.livemodes.push(livemode);
        self.headers.push(headers);
        self.bodies.push(body);
        self.attempts.push(i32::try_from(attempts).unwrap_or(i32::MAX));
        self.reasons.push(storable(reason));
    }

    /// Inserts the rows. A message that already has an open dead letter keeps the one it has: it was
    /// delivered again because its acknowledgement was lost.
    pub(super) async fn insert(
        self,
        executor: impl PgExecutor<'_>,
        queue: &Prefix,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
             SELECT $1, * FROM UNNEST($2::BIGINT[], $3::BOOLEAN[], $4::JSONB[], $5::BYTEA[], $6::INTEGER[], $7::TEXT[])
             ON CONFLICT DO NOTHING",
            queue.as_str(),
            &self.projects as _,
            &self.livemodes as _,
            &self.headers as _,
            &self.bodies as _,
            &self.attempts,
            &self.reasons,
        )
        .execute(executor)
        .await?;
        Ok(())
    }
}

/// Text as PostgreSQL can store it: without NUL. A reason may quote a payload.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
