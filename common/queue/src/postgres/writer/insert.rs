//! The INSERT, and when it tells the workers.

use crate::{
    Prefix,
    envelope::{Envelope, Headers},
    postgres::CHANNEL,
};
use sqlx::{PgConnection, types::Json};
use std::time::Duration;
use tokio::time::Instant;

/// A writer notifies at most this often: a commit that notifies holds a lock of the whole server.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(5);

/// Decides which statements notify the workers: at most one in [`NOTIFY_INTERVAL`], and one at its
/// end when something was stored since.
pub(super) struct Notifier {
    queue: Prefix,
    last: Option<Instant>,
    owed: bool,
}

impl Notifier {
    pub(super) fn new(queue: Prefix) -> Self {
        Self { queue, last: None, owed: false }
    }

    /// When a notification is owed, if one is.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.owed.then(|| self.last.map_or_else(Instant::now, |last| last + NOTIFY_INTERVAL))
    }

    /// Sends the notification that is owed.
    pub(super) async fn send(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, self.queue.as_str()).fetch_one(connection).await?;
        self.sent();
        Ok(())
    }

    fn may_notify(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= NOTIFY_INTERVAL)
    }

    fn sent(&mut self) {
        self.last = Some(Instant::now());
        self.owed = false;
    }
}

/// Stores the messages in one statement, all or none.
pub(super) async fn insert(
    connection: &mut PgConnection,
    queue: &Prefix,
    envelopes: &[&Envelope],
    notifier: &mut Notifier,
) -> Result<(), sqlx::Error> {
    let headers: Vec<Json<&Headers>> = envelopes.iter().map(|envelope| Json(&envelope.headers)).collect();
    let bodies: Vec<&[u8]> = envelopes.iter().map(|envelope| envelope.body.as_ref()).collect();
    let notify = notifier.may_notify();
    sqlx::query!(
        "WITH stored AS (
             INSERT INTO queue_messages (queue, headers, body)
             SELECT $1, headers, body FROM UNNEST($2::JSONB[], $3::BYTEA[]) AS message (headers, body)
         )
         SELECT CASE WHEN $4 THEN pg_notify($5, $1) END",
        queue.as_str(),
        &headers as _,
        &bodies as _,
        notify,
        CHANNEL,
    )
    .fetch_one(connection)
    .await?;
    if notify {
        notifier.sent();
    } else {
        notifier.owed = true;
    }
    Ok(())
}
