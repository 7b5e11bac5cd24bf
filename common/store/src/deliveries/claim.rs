//! Claims what is due, endpoint by endpoint.

use crate::notifications::{Notification, Row};
use crate::{PgConnection, StoreError};
use chrono::TimeDelta;
use domain::ids::{DeliveryId, EndpointId};
use serde_json::value::RawValue;
use sqlx::types::{Json, Uuid};
use std::time::Duration;

/// Tries of one endpoint that are under way at once, of all workers together. An ordered endpoint has one, and so has one
/// that fails, until it answers again: what hangs takes one place, not four.
pub const IN_FLIGHT: usize = 4;

/// Deliveries of one claim for an endpoint that answers at once, and of which nobody has anything in hand. The holder sends
/// [`IN_FLIGHT`] of them at a time.
const HAND: i32 = 32;

/// A lease is longer than the try by this much: for the answer to be written down.
const MARGIN_SECONDS: i32 = 15;

/// A delivery in hand.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The delivery.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// Its URL.
    pub url: String,
    /// How long the try may take.
    pub timeout: Duration,
    /// What it is signed with, the newest first, as stored.
    pub secrets: Vec<String>,
    /// How many tries failed in this schedule.
    pub tries: usize,
    /// How long ago the schedule began.
    pub elapsed: TimeDelta,
    /// The W3C `traceparent` of what wrote it, when that was traced.
    pub trace: Option<String>,
    /// What is sent.
    pub notification: Notification,
}

/// A delivery in hand, and the claim that it is in hand by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leased {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The claim.
    pub lease: Uuid,
}

/// What there is room for.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    /// Deliveries in all.
    pub deliveries: usize,
    /// Endpoints that answer at once: one of which nobody has anything in hand is claimed 32 of, not four.
    pub quick: &'a [EndpointId],
}

/// Claims what is due and there is room for, those first that are first for their endpoint, so that nobody's backlog is in
/// another's way. One statement.
///
/// An endpoint's row is locked meanwhile; one that another worker looks at is passed over.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    connection: &mut PgConnection,
    lease: Uuid,
    room: Room<'_>,
) -> Result<Vec<Claimed>, StoreError> {
    let rows = sqlx::query!(
        r#"
        WITH open AS (
            SELECT e.id, e.url, e.timeout_seconds, e.ordered,
                   CASE WHEN e.ordered OR e.failing_since IS NOT NULL THEN 1
                        WHEN e.id = ANY($5) AND in_hand.deliveries = 0 THEN $6
                        ELSE $3 END - in_hand.deliveries AS room
            FROM webhook_endpoints e
            CROSS JOIN LATERAL (
                SELECT count(*) AS deliveries FROM webhook_deliveries d
                WHERE d.endpoint_id = e.id AND d.lease IS NOT NULL AND d.next_attempt_at > now()
            ) in_hand
            WHERE e.status = 'active'
              -- One look for each endpoint. As a join it could be planned to read everything that is due.
              AND (SELECT TRUE FROM webhook_deliveries d
                   WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.next_attempt_at <= now()
                   ORDER BY d.next_attempt_at, d.sequence LIMIT 1)
            FOR NO KEY UPDATE OF e SKIP LOCKED
        ), due AS (
            SELECT o.id AS endpoint_id, o.url, o.timeout_seconds, d.id, d.place, d.next_attempt_at
            FROM open o
            CROSS JOIN LATERAL (
                SELECT p.id, p.next_attempt_at, row_number() OVER (ORDER BY p.next_attempt_at, p.sequence) AS place
                FROM (
                    (SELECT q.id, q.next_attempt_at, q.sequence FROM webhook_deliveries q
                     WHERE NOT o.ordered AND q.endpoint_id = o.id AND q.status = 'pending' AND q.next_attempt_at <= now()
                     ORDER BY q.next_attempt_at, q.sequence LIMIT greatest(o.room, 0))
                    UNION ALL
                    -- The head alone, whether or not it is due: it holds up the others.
                    (SELECT h.id, h.next_attempt_at, h.sequence
                     FROM (SELECT q.id, q.next_attempt_at, q.sequence FROM webhook_deliveries q
                           WHERE o.ordered AND q.endpoint_id = o.id AND q.status = 'pending'
                           ORDER BY q.sequence LIMIT 1) h
                     WHERE h.next_attempt_at <= now())
                ) p
            ) d
            ORDER BY d.place, d.next_attempt_at
            LIMIT $2
        )
        UPDATE webhook_deliveries d
        SET lease = $1, next_attempt_at = now() + make_interval(secs => due.timeout_seconds + $4::INTEGER)
        FROM due, notifications n
        WHERE d.id = due.id AND n.id = d.notification_id
          -- Of a row that was claimed a moment ago the newest version is looked at. Written so that no index but that of ids
          -- serves it: the others hold all that is due.
          AND (d.status = 'pending' AND d.next_attempt_at <= now()) IS TRUE
        RETURNING d.id, d.endpoint_id, due.url, due.timeout_seconds, d.tries,
                  extract(epoch FROM now() - d.due_since)::BIGINT AS "elapsed!",
                  ARRAY(SELECT s.secret FROM webhook_endpoint_secrets s
                        WHERE s.endpoint_id = d.endpoint_id AND (s.expires_at IS NULL OR s.expires_at > now())
                        ORDER BY s.id DESC) AS "secrets!",
                  n.uid, n.project_id, n.livemode, d.sequence, n.event, n.created_at,
                  n.referrer AS "referrer: Json<Box<RawValue>>", n.referred AS "referred: Json<Box<RawValue>>",
                  n.data AS "data: Json<Box<RawValue>>", n.delta_minor, n.currency,
                  n.cause AS "cause: Json<Box<RawValue>>", n.traceparent
        "#,
        lease,
        i64::try_from(room.deliveries).unwrap_or(i64::MAX),
        i32::try_from(IN_FLIGHT).unwrap_or(i32::MAX),
        MARGIN_SECONDS,
        &room.quick.iter().map(|id| id.0).collect::<Vec<_>>(),
        HAND,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Claimed {
                id: DeliveryId(row.id),
                endpoint: EndpointId(row.endpoint_id),
                url: row.url,
                timeout: Duration::from_secs(row.timeout_seconds.unsigned_abs().into()),
                secrets: row.secrets,
                tries: usize::try_from(row.tries).unwrap_or(usize::MAX),
                elapsed: TimeDelta::seconds(row.elapsed.clamp(0, i64::from(i32::MAX))),
                trace: row.traceparent,
                notification: Row {
                    uid: row.uid,
                    project_id: row.project_id,
                    livemode: row.livemode,
                    sequence: row.sequence,
                    event: row.event,
                    created_at: row.created_at,
                    referrer: row.referrer,
                    referred: row.referred,
                    data: row.data,
                    delta_minor: row.delta_minor,
                    currency: row.currency,
                    cause: row.cause,
                }
                .try_into()?,
            })
        })
        .collect()
}
