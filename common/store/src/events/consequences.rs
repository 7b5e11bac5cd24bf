//! What came of an event: what was told of it, and whether that arrived.

use super::Event;
use crate::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::{
    ids::{ConversionId, EndpointId, Realm},
    money::{Currency, Money},
};
use std::collections::BTreeMap;

/// So many are told of one event at most.
const MOST: i64 = 200;

/// A notification that an event brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// `ntf_…`
    pub notification: String,
    /// Its place in the feed; none before it is numbered.
    pub sequence: Option<i64>,
    /// What happened.
    pub event: String,
    /// The payment whose commission moved, when one did.
    pub conversion: Option<ConversionId>,
    /// By how much the affiliate's payable balance changed, when it did.
    pub delta: Option<Money>,
    /// Where it was sent to.
    pub arrivals: Vec<Arrival>,
}

/// A notification at one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// `pending`, `delivered`, `failed` or `parked`.
    pub status: String,
    /// When it was last tried.
    pub tried_at: Option<DateTime<Utc>>,
}

/// The notifications that an event brought about, in the order of writing, at most 200. They are kept for 90 days.
///
/// # Errors
/// [`StoreError`]
pub async fn consequences(
    connection: &mut PgConnection,
    realm: Realm,
    event: &Event,
) -> Result<Vec<Consequence>, StoreError> {
    // Written in the transaction that settled the event, and so at the same time: the index of times leads to them.
    let rows = sqlx::query!(
        r#"SELECT n.id, n.uid, n.sequence, n.event, n.delta_minor, n.currency, l.conversion_id AS "conversion_id?"
           FROM notifications n LEFT JOIN ledger_entries l ON l.id = n.ledger_entry_id
           WHERE n.created_at = $3 AND n.project_id = $1 AND n.livemode = $2 AND n.cause ->> 'event' = $4
           ORDER BY n.id LIMIT $5"#,
        realm.project.0,
        realm.mode.is_live(),
        event.settled_at,
        event.event,
        MOST,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut arrivals = arrivals(connection, realm, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let delta = match (row.delta_minor, row.currency) {
                (Some(minor), Some(currency)) => {
                    Some(Money { minor, currency: Currency::stored(&currency).map_err(decode)? })
                }
                _ => None,
            };
            Ok(Consequence {
                notification: format!("ntf_{}", row.uid.simple()),
                sequence: row.sequence,
                event: row.event,
                conversion: row.conversion_id.map(ConversionId),
                delta,
                arrivals: arrivals.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}

async fn arrivals(
    connection: &mut PgConnection,
    realm: Realm,
    notifications: &[i64],
) -> Result<BTreeMap<i64, Vec<Arrival>>, StoreError> {
    if notifications.is_empty() {
        return Ok(BTreeMap::new());
    }
    // By way of the endpoints, which are few, so that the index that begins with one is of use.
    let rows = sqlx::query!(
        "SELECT d.notification_id, d.endpoint_id, d.status,
                (SELECT max(a.attempted_at) FROM webhook_attempts a WHERE a.delivery_id = d.id) AS tried_at
         FROM webhook_endpoints e JOIN webhook_deliveries d ON d.endpoint_id = e.id AND d.notification_id = ANY($3)
         WHERE e.project_id = $1 AND e.livemode = $2 ORDER BY d.endpoint_id",
        realm.project.0,
        realm.mode.is_live(),
        notifications,
    )
    .fetch_all(connection)
    .await?;
    let mut arrivals: BTreeMap<i64, Vec<Arrival>> = BTreeMap::new();
    for row in rows {
        arrivals.entry(row.notification_id).or_default().push(Arrival {
            endpoint: EndpointId(row.endpoint_id),
            status: row.status,
            tried_at: row.tried_at,
        });
    }
    Ok(arrivals)
}
