//! The versions of programmes' rules.

use super::BatchError;
use crate::PgConnection;
use domain::ids::{ProjectId, RuleId};
use domain::rules::{RuleVersion, Rules};
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// All versions of the rules of some projects.
pub(super) async fn load(
    conn: &mut PgConnection,
    projects: &BTreeSet<ProjectId>,
) -> Result<BTreeMap<ProjectId, Vec<RuleVersion>>, BatchError> {
    let ids: Vec<i64> = projects.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT id, project_id, NULLIF(valid_from, '-infinity') AS valid_from, rules AS "rules: Json<Rules>"
        FROM program_rules WHERE project_id = ANY($1)
        "#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut rules: BTreeMap<ProjectId, Vec<RuleVersion>> = BTreeMap::new();
    for row in rows {
        rules.entry(ProjectId(row.project_id)).or_default().push(RuleVersion {
            id: RuleId(row.id),
            valid_from: row.valid_from,
            rules: row.rules.0,
        });
    }
    Ok(rules)
}
