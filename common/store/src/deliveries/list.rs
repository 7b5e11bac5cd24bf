//! Lists of deliveries, each with its tries.

use super::DeliveryStatus;
use crate::page::{Page, Rows};
use crate::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, EndpointId};
use sqlx::types::Uuid;
use std::collections::BTreeMap;

/// A notification on its way to an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// `ntf_…`
    pub notification: String,
    /// The notification's place.
    pub sequence: i64,
    /// What happened.
    pub event: String,
    /// Whether it has arrived.
    pub status: DeliveryStatus,
    /// The tries of the last 30 days, the first one first.
    pub attempts: Vec<Attempt>,
    /// When it is sent next, when it is.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was put on its way.
    pub created_at: DateTime<Utc>,
}

/// A try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// What was answered; `None` when nothing was.
    pub status_code: Option<i16>,
    /// What went wrong; `None` for a success.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i32,
    /// The start of the answer.
    pub answer: Option<String>,
}

/// Which deliveries are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one status.
    pub status: Option<DeliveryStatus>,
    /// Of one event.
    pub event: Option<String>,
    /// Put on its way at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Put on its way before this time.
    pub before: Option<DateTime<Utc>>,
}

/// A page of an endpoint's deliveries, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    connection: &mut PgConnection,
    endpoint: EndpointId,
    filter: &Filter,
    page: &Page,
) -> Result<Rows<Delivery>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT d.id, n.uid AS "uid?", d.sequence, d.event, d.created_at, d.next_attempt_at, d.status
           FROM webhook_deliveries d
           LEFT JOIN notifications n ON n.id = d.notification_id
           WHERE d.endpoint_id = $1 AND d.id < $2 AND ($3::TEXT IS NULL OR d.status = $3)
             AND ($4::TEXT IS NULL OR d.event = $4) AND ($5::TIMESTAMPTZ IS NULL OR d.created_at >= $5)
             AND ($6::TIMESTAMPTZ IS NULL OR d.created_at < $6)
           ORDER BY d.id DESC
           LIMIT $7 OFFSET $8"#,
        endpoint.0,
        page.after.map_or(i64::MAX, |after| after.id),
        filter.status.map(DeliveryStatus::as_str),
        filter.event,
        filter.from,
        filter.before,
        page.limit.saturating_add(1),
        page.offset,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut attempts = attempts(connection, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let deliveries = rows.into_iter().map(|row| {
        let status =
            DeliveryStatus::parse(&row.status).ok_or_else(|| decode("a delivery of an unknown status"))?;
        let uid: Option<Uuid> = row.uid;
        Ok(Delivery {
            id: DeliveryId(row.id),
            notification: uid.map(|uid| format!("ntf_{}", uid.simple())).unwrap_or_default(),
            sequence: row.sequence,
            event: row.event,
            status,
            attempts: attempts.remove(&row.id).unwrap_or_default(),
            next_attempt_at: (status == DeliveryStatus::Pending).then_some(row.next_attempt_at),
            created_at: row.created_at,
        })
    });
    Ok(Rows::cut(deliveries.collect::<Result<Vec<_>, StoreError>>()?, page))
}

/// How many deliveries a filter lets through.
///
/// # Errors
/// When the database fails.
pub async fn count(
    connection: &mut PgConnection,
    endpoint: EndpointId,
    filter: &Filter,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webhook_deliveries
           WHERE endpoint_id = $1 AND ($2::TEXT IS NULL OR status = $2) AND ($3::TEXT IS NULL OR event = $3)
             AND ($4::TIMESTAMPTZ IS NULL OR created_at >= $4) AND ($5::TIMESTAMPTZ IS NULL OR created_at < $5)"#,
        endpoint.0,
        filter.status.map(DeliveryStatus::as_str),
        filter.event,
        filter.from,
        filter.before,
    )
    .fetch_one(connection)
    .await?)
}

async fn attempts(
    connection: &mut PgConnection,
    ids: &[i64],
) -> Result<BTreeMap<i64, Vec<Attempt>>, StoreError> {
    let rows = sqlx::query!(
        "SELECT delivery_id, attempted_at, status_code, error, duration_ms, answer
         FROM webhook_attempts WHERE delivery_id = ANY($1) ORDER BY id",
        ids,
    )
    .fetch_all(connection)
    .await?;
    let mut attempts: BTreeMap<i64, Vec<Attempt>> = BTreeMap::new();
    for row in rows {
        attempts.entry(row.delivery_id).or_default().push(Attempt {
            at: row.attempted_at,
            status_code: row.status_code,
            error: row.error,
            duration_ms: row.duration_ms,
            answer: row.answer,
        });
    }
    Ok(attempts)
}
