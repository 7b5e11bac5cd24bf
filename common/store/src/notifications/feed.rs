//! The feed: notifications in their sequence.

use super::{Notification, Row};
use crate::{PgConnection, StoreError, realm};
use domain::ids::Realm;
use serde_json::value::RawValue;
use sqlx::types::Json;
use std::collections::BTreeMap;

/// A part of the feed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// In their sequence.
    pub notifications: Vec<Notification>,
    /// Where the next part begins: after this one.
    pub next_after: i64,
    /// Whether there is more by now.
    pub has_more: bool,
}

/// The last number that was given: 0 while there is none.
///
/// # Errors
/// When the database fails.
pub async fn last_sequence(connection: &mut PgConnection, realm: Realm) -> Result<i64, StoreError> {
    let last = sqlx::query_scalar!(
        "SELECT last_sequence FROM notification_sequences WHERE project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
    );
    Ok(last.fetch_optional(connection).await?.unwrap_or(0))
}

/// How many have no place in the sequence yet.
///
/// # Errors
/// When the database fails.
pub async fn fresh(connection: &mut PgConnection, realm: Realm) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM notifications
           WHERE sequence IS NULL AND project_id = $1 AND livemode = $2"#,
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_one(connection)
    .await?)
}

/// The last number of several; those without any are left out.
///
/// # Errors
/// When the database fails.
pub async fn last_sequences(
    connection: &mut PgConnection,
    realms: &[Realm],
) -> Result<BTreeMap<Realm, i64>, StoreError> {
    let rows = sqlx::query!(
        "SELECT s.project_id, s.livemode, s.last_sequence
         FROM UNNEST($1::BIGINT[], $2::BOOLEAN[]) AS r (project_id, livemode)
         JOIN notification_sequences s ON (s.project_id, s.livemode) = (r.project_id, r.livemode)",
        &realms.iter().map(|realm| realm.project.0).collect::<Vec<_>>(),
        &realms.iter().map(|realm| realm.mode.is_live()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (realm(row.project_id, row.livemode), row.last_sequence)).collect())
}

/// At most `limit` notifications behind `after`, of these events or of all. Those that retention has taken are passed over.
///
/// # Errors
/// When the database fails.
pub async fn feed(
    connection: &mut PgConnection,
    realm: Realm,
    after: i64,
    events: Option<&[String]>,
    limit: i64,
) -> Result<Feed, StoreError> {
    // First: everything up to it is there to be read.
    let last = last_sequence(&mut *connection, realm).await?;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT uid, project_id, livemode, sequence AS "sequence!", event, created_at,
                  referrer AS "referrer: Json<Box<RawValue>>", referred AS "referred: Json<Box<RawValue>>",
                  data AS "data: Json<Box<RawValue>>", delta_minor, currency, cause AS "cause: Json<Box<RawValue>>"
           FROM notifications
           WHERE project_id = $1 AND livemode = $2 AND sequence > $3 AND sequence <= $4
             AND ($5::TEXT[] IS NULL OR event = ANY($5))
           ORDER BY sequence
           LIMIT $6"#,
        realm.project.0,
        realm.mode.is_live(),
        after,
        last,
        events,
        limit.saturating_add(1),
    )
    .fetch_all(connection)
    .await?;
    let mut notifications = rows.into_iter().map(Notification::try_from).collect::<Result<Vec<_>, _>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = notifications.len() > limit;
    notifications.truncate(limit);
    let next_after = match notifications.last() {
        Some(notification) if has_more => notification.sequence,
        Some(_) | None => last.max(after),
    };
    Ok(Feed { notifications, next_after, has_more })
}
