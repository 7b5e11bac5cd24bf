//! The versions of programmes' rules.

use super::BatchError;
use crate::PgConnection;
use domain::ids::{ProjectId, RuleId};
use domain::rules::{RuleVersion, Rules};
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// All versions of the rules of some projects.
pub(super) async fn load(
    connection: &mut PgConnection,
    projects: &BTreeSet<ProjectId>,
) -> Result<BTreeMap<ProjectId, Vec<RuleVersion>>, BatchError> {
    let ids: Vec<i64> = projects.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT r.id, r.project_id, NULLIF(r.valid_from, '-infinity') AS valid_from, r.rules AS "rules: Json<Rules>",
               p.payable_from, p.rules_as_of
        FROM program_rules r JOIN projects p ON p.id = r.project_id WHERE r.project_id = ANY($1)
        "#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut rules: BTreeMap<ProjectId, Vec<RuleVersion>> = BTreeMap::new();
    let mut as_of = BTreeMap::new();
    for row in rows {
        as_of.extend(row.rules_as_of.map(|at| (ProjectId(row.project_id), at)));
        rules.entry(ProjectId(row.project_id)).or_default().push(RuleVersion {
            id: RuleId(row.id),
            valid_from: row.valid_from,
            rules: Rules { payable_from: row.payable_from, ..row.rules.0 },
        });
    }
    for (project, at) in as_of {
        if let Some(versions) = rules.get_mut(&project) {
            *versions = RuleVersion::as_of(std::mem::take(versions), at);
        }
    }
    Ok(rules)
}
