//! Webhooks that no secret of their project proves, by day.

use super::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::ids::ProjectId;

/// Some that were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The project in their address.
    pub project: ProjectId,
    /// How many.
    pub count: i64,
    /// When the last of them came.
    pub last_at: DateTime<Utc>,
}

/// Adds them to their day. None is no statement; of a project that is not there nothing is kept.
///
/// # Errors
/// [`StoreError`]
pub async fn add(connection: &mut PgConnection, refused: &[Refused]) -> Result<(), StoreError> {
    if refused.is_empty() {
        return Ok(());
    }
    // In order, so that two processes do not wait for one another in a circle.
    sqlx::query!(
        "INSERT INTO refused_webhooks AS r (project_id, day, refused, last_at)
         SELECT p.id, (new.last_at AT TIME ZONE 'UTC')::DATE, new.refused, new.last_at
         FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::TIMESTAMPTZ[]) AS new (project_id, refused, last_at)
         JOIN projects p ON p.id = new.project_id
         ORDER BY p.id
         ON CONFLICT (project_id, day) DO UPDATE
         SET refused = r.refused + excluded.refused, last_at = greatest(r.last_at, excluded.last_at)",
        &refused.iter().map(|one| one.project.0).collect::<Vec<_>>(),
        &refused.iter().map(|one| one.count).collect::<Vec<_>>(),
        &refused.iter().map(|one| one.last_at).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many of a project's were refused in the last week, and when the last of them came.
///
/// # Errors
/// [`StoreError`]
pub async fn of_project(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<Option<Refused>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT sum(refused)::BIGINT AS count, max(last_at) AS last_at FROM refused_webhooks
         WHERE project_id = $1 AND day > (now() AT TIME ZONE 'UTC')::DATE - 7"#,
        project.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.count.zip(row.last_at).map(|(count, last_at)| Refused { project, count, last_at }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PgPool, projects};

    #[sqlx::test(migrations = "../../migrations")]
    async fn those_of_a_day_are_added_up(pool: PgPool) {
        let mut connection = pool.acquire().await.unwrap();
        let project = projects::create(&mut connection, "Acme").await.unwrap().id;
        let today = crate::doctor::clock(&mut connection).await.unwrap();
        let refused = |count| Refused { project, count, last_at: today };
        let nobodys = Refused { project: ProjectId(999), ..refused(7) };
        add(&mut connection, &[refused(2), nobodys]).await.unwrap();
        add(&mut connection, &[refused(3)]).await.unwrap();
        assert_eq!(of_project(&mut connection, project).await.unwrap().map(|all| all.count), Some(5));
        assert_eq!(of_project(&mut connection, ProjectId(999)).await.unwrap(), None);
    }
}
