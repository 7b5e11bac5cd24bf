//! Conversions whose message did not reach the queue, or was lost on its way.

use super::{PgConnection, StoreError};
use crate::decode;
use chrono::{DateTime, Utc};
use domain::command::Command;
use domain::ids::{ConversionId, Mode, ProjectId, Realm};
use serde_json::Value;

/// A conversion whose command has to be published again.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// Its id.
    pub id: ConversionId,
    /// Its project and mode.
    pub realm: Realm,
    /// What it was posted with, and its latest change; a worker settles each once, however often it comes.
    pub commands: Vec<Command>,
}

/// Conversions whose command was not published, or is pending though it was published before
/// `published_before`. The oldest come first, at most `limit`.
///
/// Rows are locked and those that another sweep holds are passed over: call it in a transaction,
/// publish, [`mark_published`], commit.
pub async fn overdue_pending(
    connection: &mut PgConnection,
    published_before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Overdue>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT c.id, c.project_id, c.livemode,
                  ARRAY(SELECT p.command FROM conversion_posts p WHERE p.conversion_id = c.id AND p.command IS NOT NULL
                        UNION SELECT c.request) AS "commands!: Vec<Value>"
         FROM conversions c
         WHERE c.request IS NOT NULL AND c.merged_into IS NULL
           AND (c.published_at IS NULL OR (c.status = 'pending' AND c.published_at < $1))
         ORDER BY c.created_at
         LIMIT $2
         FOR UPDATE OF c SKIP LOCKED"#,
        published_before,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Overdue {
                id: ConversionId(row.id),
                realm: Realm { project: ProjectId(row.project_id), mode: Mode::from_livemode(row.livemode) },
                commands: row
                    .commands
                    .into_iter()
                    .map(serde_json::from_value)
                    .collect::<Result<_, _>>()
                    .map_err(decode)?,
            })
        })
        .collect()
}

/// Their messages are on the queue.
pub async fn mark_published(connection: &mut PgConnection, ids: &[ConversionId]) -> Result<(), StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("UPDATE conversions SET published_at = now() WHERE id = ANY($1)", &ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// Its message did not reach the queue: the next sweep publishes it.
pub async fn mark_unpublished(connection: &mut PgConnection, id: ConversionId) -> Result<(), StoreError> {
    sqlx::query!("UPDATE conversions SET published_at = NULL WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}
