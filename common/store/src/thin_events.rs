//! Thin events that wait for their object, until a key can fetch it or the snapshot event of the same happening comes.

use super::{PgConnection, StoreError, realm};
use chrono::{DateTime, Utc};
use domain::ids::{ProjectId, Realm};

/// One that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingEvent {
    /// The project and mode.
    pub realm: Realm,
    /// `evt_…`, its own.
    pub event_id: String,
    /// The connected account; empty for the project's own.
    pub account: String,
    /// The type of its twin: `invoice.paid`.
    pub event_type: String,
    /// `evt_…` of its twin.
    pub snapshot: Option<String>,
    /// `in_…`: what it is about.
    pub object: Option<String>,
    /// The body of the message that asks for it.
    pub question: Vec<u8>,
    /// Why it waits, and what to do.
    pub reason: String,
    /// When it was accepted.
    pub received_at: DateTime<Utc>,
    /// Not asked for before.
    pub ask_at: DateTime<Utc>,
}

/// Lets some wait; of one that waits already the reason and the time are the new ones. None is no statement.
///
/// # Errors
/// [`StoreError`]
pub async fn park(connection: &mut PgConnection, waiting: &[WaitingEvent]) -> Result<(), StoreError> {
    if waiting.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"INSERT INTO thin_events (project_id, livemode, event_id, account, event_type, snapshot, object, question,
                                 reason, received_at, ask_at)
         SELECT DISTINCT ON (project_id, livemode, event_id) *
         FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[],
                     $8::BYTEA[], $9::TEXT[], $10::TIMESTAMPTZ[], $11::TIMESTAMPTZ[])
             AS new (project_id, livemode, event_id, account, event_type, snapshot, object, question, reason,
                     received_at, ask_at)
         ORDER BY project_id, livemode, event_id
         ON CONFLICT (project_id, livemode, event_id) DO UPDATE SET reason = excluded.reason, ask_at = excluded.ask_at"#,
        &column(waiting, |event| event.realm.project.0),
        &column(waiting, |event| event.realm.mode.is_live()),
        &column(waiting, |event| event.event_id.clone()),
        &column(waiting, |event| event.account.clone()),
        &column(waiting, |event| event.event_type.clone()),
        &column(waiting, |event| event.snapshot.clone()) as &[Option<String>],
        &column(waiting, |event| event.object.clone()) as &[Option<String>],
        &column(waiting, |event| event.question.clone()),
        &column(waiting, |event| event.reason.clone()),
        &column(waiting, |event| event.received_at),
        &column(waiting, |event| event.ask_at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets those whose snapshot event is settled. Tells how many.
///
/// # Errors
/// [`StoreError`]
pub async fn forget_answered(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM thin_events t USING events e
         WHERE e.project_id = t.project_id AND e.livemode = t.livemode AND e.account = t.account
           AND e.event_id = t.snapshot"
    );
    Ok(done.execute(connection).await?.rows_affected())
}

/// How many wait, by project and mode.
///
/// # Errors
/// [`StoreError`]
pub async fn counts(connection: &mut PgConnection) -> Result<Vec<(Realm, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT project_id, livemode, count(*) AS "count!" FROM thin_events GROUP BY project_id, livemode
         ORDER BY project_id, livemode"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (realm(row.project_id, row.livemode), row.count)).collect())
}

/// Takes out some of a project and mode that may be asked for by now, the oldest first: the caller asks for them in the same
/// transaction.
///
/// # Errors
/// [`StoreError`]
pub async fn take(
    connection: &mut PgConnection,
    of: Realm,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<WaitingEvent>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "DELETE FROM thin_events t USING (
             SELECT event_id FROM thin_events
             WHERE project_id = $1 AND livemode = $2 AND ask_at <= $3
             ORDER BY received_at, event_id LIMIT $4 FOR UPDATE SKIP LOCKED
         ) AS due
         WHERE t.project_id = $1 AND t.livemode = $2 AND t.event_id = due.event_id
         RETURNING t.project_id, t.livemode, t.event_id, t.account, t.event_type, t.snapshot, t.object, t.question, t.reason,
                   t.received_at, t.ask_at",
        of.project.0,
        of.mode.is_live(),
        now,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(WaitingEvent::from).collect())
}

/// Those that are about an object, or are called so, in any project unless one is named.
///
/// # Errors
/// [`StoreError`]
pub async fn about(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
    name: &str,
) -> Result<Vec<WaitingEvent>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT project_id, livemode, event_id, account, event_type, snapshot, object, question, reason, received_at, ask_at
         FROM thin_events
         WHERE ($1::BIGINT IS NULL OR project_id = $1) AND $2 IN (event_id, snapshot, object)
         ORDER BY received_at, event_id",
        project.map(|project| project.0),
        name,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(WaitingEvent::from).collect())
}

struct Row {
    project_id: i64,
    livemode: bool,
    event_id: String,
    account: String,
    event_type: String,
    snapshot: Option<String>,
    object: Option<String>,
    question: Vec<u8>,
    reason: String,
    received_at: DateTime<Utc>,
    ask_at: DateTime<Utc>,
}

impl From<Row> for WaitingEvent {
    fn from(row: Row) -> Self {
        Self {
            realm: realm(row.project_id, row.livemode),
            event_id: row.event_id,
            account: row.account,
            event_type: row.event_type,
            snapshot: row.snapshot,
            object: row.object,
            question: row.question,
            reason: row.reason,
            received_at: row.received_at,
            ask_at: row.ask_at,
        }
    }
}

fn column<T>(waiting: &[WaitingEvent], value: impl Fn(&WaitingEvent) -> T) -> Vec<T> {
    waiting.iter().map(value).collect()
}
