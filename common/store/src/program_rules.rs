//! The versions of a programme's rules. A version is never edited (SEMANTICS 8).

use super::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::{
    ids::{ProjectId, RuleId},
    rules::{RuleVersion, Rules},
};
use sqlx::types::Json;

/// A version with its number, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// 1, 2, 3 … within the project.
    pub number: i32,
    /// The version.
    pub version: RuleVersion,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// Writes a project's next version. `valid_from` is the event time from which payments are judged
/// by it; `None`, "always", is for the first one. The project must exist.
///
/// Two writers at once are told apart by the constraint `program_rules_version_key`.
///
/// # Errors
/// [`StoreError`]
pub async fn add(
    connection: &mut PgConnection,
    project: ProjectId,
    rules: &Rules,
    valid_from: Option<DateTime<Utc>>,
) -> Result<Numbered, StoreError> {
    let row = sqlx::query!(
        "INSERT INTO program_rules (project_id, version, valid_from, rules)
         SELECT $1, coalesce(max(version), 0) + 1, coalesce($2, '-infinity'::timestamptz), $3
         FROM program_rules WHERE project_id = $1
         RETURNING id, version, created_at",
        project.0,
        valid_from,
        Json(rules) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(Numbered {
        number: row.version,
        version: RuleVersion { id: RuleId(row.id), valid_from, rules: rules.clone() },
        created_at: row.created_at,
    })
}

/// A project's versions, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn list(connection: &mut PgConnection, project: ProjectId) -> Result<Vec<Numbered>, StoreError> {
    // The client library has no infinite times.
    let rows = sqlx::query!(
        r#"SELECT id, version, created_at, rules AS "rules: Json<Rules>",
             CASE WHEN isfinite(valid_from) THEN valid_from END AS valid_from
         FROM program_rules WHERE project_id = $1 ORDER BY version"#,
        project.0,
    )
    .fetch_all(connection)
    .await?;
    let numbered = rows.into_iter().map(|row| Numbered {
        number: row.version,
        version: RuleVersion { id: RuleId(row.id), valid_from: row.valid_from, rules: row.rules.0 },
        created_at: row.created_at,
    });
    Ok(numbered.collect())
}
