//! The inbox: every raw body once (SEMANTICS 2).

use super::Item;
use crate::{PgConnection, StoreError};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// An inbox row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxEvent {
    /// The connected Stripe account; empty for the project's own.
    pub account: String,
    /// `evt_…`, or the name of a REST command.
    pub event_id: String,
    /// Where it came from.
    pub source: &'static str,
    /// Stripe's type, or the command's.
    pub event_type: String,
    /// The Stripe API version that shaped the body.
    pub api_version: Option<String>,
    /// The event's own time.
    pub occurred_at: DateTime<Utc>,
    /// When it was accepted.
    pub received_at: DateTime<Utc>,
    /// Why it has no effects, when it has none.
    pub ignored: Option<String>,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
    /// The body exactly as it was received.
    pub body: Bytes,
}

type EventKey<'a> = (Realm, &'a str, &'a str);

/// Inserts what has not been seen before, and tells which items that were.
pub(super) async fn insert(connection: &mut PgConnection, items: &[&Item]) -> Result<Vec<usize>, StoreError> {
    // The first of several with one id, in key order: two workers with the same events then wait
    // for one another instead of deadlocking.
    let mut unique: BTreeMap<EventKey<'_>, usize> = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        unique.entry((item.realm, &item.event.account, &item.event.event_id)).or_insert(place);
    }
    let rows: Vec<&Item> = unique.values().filter_map(|place| items.get(*place).copied()).collect();
    let inserted = sqlx::query!(
        r#"
        INSERT INTO events (project_id, livemode, account, event_id, source, event_type, api_version,
                            occurred_at, received_at, ignored, traceparent, body_sha256, body)
        SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[],
                             $7::TEXT[], $8::TIMESTAMPTZ[], $9::TIMESTAMPTZ[], $10::TEXT[], $11::TEXT[],
                             $12::BYTEA[], $13::BYTEA[])
        ON CONFLICT ON CONSTRAINT events_event_key DO NOTHING
        RETURNING project_id, livemode, account, event_id
        "#,
        &column(&rows, |item| item.realm.project.0),
        &column(&rows, |item| item.realm.mode.is_live()),
        &column(&rows, |item| item.event.account.as_str()) as &[&str],
        &column(&rows, |item| item.event.event_id.as_str()) as &[&str],
        &column(&rows, |item| item.event.source) as &[&str],
        &column(&rows, |item| item.event.event_type.as_str()) as &[&str],
        &column(&rows, |item| item.event.api_version.as_deref()) as &[Option<&str>],
        &column(&rows, |item| item.event.occurred_at),
        &column(&rows, |item| item.event.received_at),
        &column(&rows, |item| item.event.ignored.as_deref()) as &[Option<&str>],
        &column(&rows, |item| item.event.traceparent.as_deref()) as &[Option<&str>],
        &column(&rows, |item| Sha256::digest(&item.event.body).to_vec()),
        &column(&rows, |item| item.event.body.as_ref()) as &[&[u8]],
    )
    .fetch_all(connection)
    .await?;
    let places = inserted.iter().filter_map(|row| {
        let realm = crate::realm(row.project_id, row.livemode);
        unique.get(&(realm, row.account.as_str(), row.event_id.as_str())).copied()
    });
    let mut places: Vec<usize> = places.collect();
    places.sort_unstable();
    Ok(places)
}

fn column<'a, T>(rows: &[&'a Item], value: impl Fn(&'a Item) -> T) -> Vec<T> {
    rows.iter().map(|item| value(item)).collect()
}
