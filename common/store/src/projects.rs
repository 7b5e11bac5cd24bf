//! Projects.

use super::{PgConnection, StoreError, decode};
use crate::landing_url::LandingUrl;
use chrono::{DateTime, Utc};
use domain::ids::ProjectId;

/// One programme of one SaaS company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id, as in the webhook path.
    pub id: ProjectId,
    /// For people.
    pub name: String,
    /// Where its affiliates' links lead to.
    pub landing_url: Option<LandingUrl>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

struct Row {
    id: i64,
    name: String,
    landing_url: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Project {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ProjectId(row.id),
            name: row.name,
            landing_url: row.landing_url.map(|url| url.parse().map_err(decode)).transpose()?,
            created_at: row.created_at,
        })
    }
}

/// Creates a project. It needs rules before it can earn anybody anything.
///
/// # Errors
/// [`StoreError`]
pub async fn create(connection: &mut PgConnection, name: &str) -> Result<Project, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "INSERT INTO projects (name) VALUES ($1) RETURNING id, name, landing_url, created_at",
        name
    );
    row.fetch_one(connection).await?.try_into()
}

/// All projects, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Project>, StoreError> {
    let rows = sqlx::query_as!(Row, "SELECT id, name, landing_url, created_at FROM projects ORDER BY id")
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Project::try_from).collect()
}

/// How many projects there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The project, when there is one alone.
    pub only: Option<ProjectId>,
    /// The one made last.
    pub latest: Option<ProjectId>,
}

/// How many projects there are.
///
/// # Errors
/// [`StoreError`]
pub async fn extent(connection: &mut PgConnection) -> Result<Extent, StoreError> {
    let row = sqlx::query!(
        "SELECT CASE WHEN count(*) = 1 THEN min(id) END AS only, max(id) AS latest FROM projects"
    )
    .fetch_one(connection)
    .await?;
    Ok(Extent { only: row.only.map(ProjectId), latest: row.latest.map(ProjectId) })
}

/// The project with this id.
///
/// # Errors
/// [`StoreError`]
pub async fn find(connection: &mut PgConnection, id: ProjectId) -> Result<Option<Project>, StoreError> {
    let row =
        sqlx::query_as!(Row, "SELECT id, name, landing_url, created_at FROM projects WHERE id = $1", id.0);
    row.fetch_optional(connection).await?.map(Project::try_from).transpose()
}

/// Gives a project another name. `false` when there is no such project.
///
/// # Errors
/// [`StoreError`]
pub async fn rename(connection: &mut PgConnection, id: ProjectId, name: &str) -> Result<bool, StoreError> {
    let done = sqlx::query!("UPDATE projects SET name = $2 WHERE id = $1", id.0, name).execute(connection);
    Ok(done.await?.rows_affected() == 1)
}

/// Sends its affiliates' links to another page, or nowhere. `false` when there is no such project.
///
/// # Errors
/// [`StoreError`]
pub async fn set_landing_url(
    connection: &mut PgConnection,
    id: ProjectId,
    url: Option<&LandingUrl>,
) -> Result<bool, StoreError> {
    let url = url.map(LandingUrl::as_str);
    let done = sqlx::query!("UPDATE projects SET landing_url = $2 WHERE id = $1", id.0, url);
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

/// As of when a project's history is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryTerms {
    /// No commission is released before.
    pub payable_from: Option<DateTime<Utc>>,
    /// Payments before are judged by the rules that are in force then.
    pub rules_as_of: Option<DateTime<Utc>>,
}

/// Sets as of when a project's history is judged. `false` when it is so already, or there is no such project.
///
/// # Errors
/// [`StoreError`]
pub async fn set_history_terms(
    connection: &mut PgConnection,
    id: ProjectId,
    terms: HistoryTerms,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE projects SET payable_from = $2, rules_as_of = $3
         WHERE id = $1 AND (payable_from, rules_as_of) IS DISTINCT FROM ($2, $3)",
        id.0,
        terms.payable_from,
        terms.rules_as_of,
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}
