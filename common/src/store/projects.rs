//! Projects.

use super::{PgConnection, StoreError};
use crate::domain::ids::ProjectId;
use chrono::{DateTime, Utc};

/// One programme of one SaaS company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id, as in the webhook path.
    pub id: ProjectId,
    /// For people.
    pub name: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

struct Row {
    id: i64,
    name: String,
    created_at: DateTime<Utc>,
}

impl From<Row> for Project {
    fn from(row: Row) -> Self {
        Self { id: ProjectId(row.id), name: row.name, created_at: row.created_at }
    }
}

/// Creates a project. It needs rules before it can earn anybody anything.
///
/// # Errors
/// [`StoreError`]
pub async fn create(connection: &mut PgConnection, name: &str) -> Result<Project, StoreError> {
    let row =
        sqlx::query_as!(Row, "INSERT INTO projects (name) VALUES ($1) RETURNING id, name, created_at", name)
            .fetch_one(connection)
            .await?;
    Ok(row.into())
}

/// All projects, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Project>, StoreError> {
    let rows = sqlx::query_as!(Row, "SELECT id, name, created_at FROM projects ORDER BY id")
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(Project::from).collect())
}

/// The project with this id.
///
/// # Errors
/// [`StoreError`]
pub async fn find(connection: &mut PgConnection, id: ProjectId) -> Result<Option<Project>, StoreError> {
    let row = sqlx::query_as!(Row, "SELECT id, name, created_at FROM projects WHERE id = $1", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(Project::from))
}

/// Gives a project another name. `false` when there is no such project.
///
/// # Errors
/// [`StoreError`]
pub async fn rename(connection: &mut PgConnection, id: ProjectId, name: &str) -> Result<bool, StoreError> {
    let done = sqlx::query!("UPDATE projects SET name = $2 WHERE id = $1", id.0, name).execute(connection);
    Ok(done.await?.rows_affected() == 1)
}
