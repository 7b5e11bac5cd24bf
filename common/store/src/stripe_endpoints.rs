//! Webhook signing secrets, as the receiving side reads them.

use super::{PgConnection, StoreError};
use domain::ids::{Mode, ProjectId};

/// A project with the secrets that are valid for it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProjectSecrets {
    /// The project.
    pub project: ProjectId,
    /// Each secret with the mode of the events that it signs; several during a rotation.
    pub secrets: Vec<(String, Mode)>,
}

struct Row {
    project_id: i64,
    secret: Option<String>,
    livemode: Option<bool>,
}

/// Every project with its secrets, projects without one included.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<ProjectSecrets>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.id AS project_id, e.secret AS "secret?", e.livemode AS "livemode?"
         FROM projects p
         LEFT JOIN stripe_endpoints e
             ON e.project_id = p.id AND (e.revoked_at IS NULL OR e.revoked_at > now())
         ORDER BY p.id, e.id"#,
    )
    .fetch_all(connection)
    .await?;
    Ok(group(rows))
}

/// One project with its secrets; `None` when there is no such project.
pub async fn of_project(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<Option<ProjectSecrets>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.id AS project_id, e.secret AS "secret?", e.livemode AS "livemode?"
         FROM projects p
         LEFT JOIN stripe_endpoints e
             ON e.project_id = p.id AND (e.revoked_at IS NULL OR e.revoked_at > now())
         WHERE p.id = $1
         ORDER BY e.id"#,
        project.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(group(rows).pop())
}

fn group(rows: Vec<Row>) -> Vec<ProjectSecrets> {
    let mut projects: Vec<ProjectSecrets> = Vec::new();
    for row in rows {
        let project = ProjectId(row.project_id);
        if projects.last().is_none_or(|last| last.project != project) {
            projects.push(ProjectSecrets { project, secrets: Vec::new() });
        }
        if let (Some(last), Some(secret), Some(livemode)) = (projects.last_mut(), row.secret, row.livemode) {
            last.secrets.push((secret, Mode::from_livemode(livemode)));
        }
    }
    projects
}
