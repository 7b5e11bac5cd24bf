//! Which commands a worker has settled.

use super::{PgConnection, StoreError};
use domain::ids::{Mode, ProjectId, Realm};

/// Of the commands named by realm and event id, those whose effects are committed: the inbox has a
/// row only together with them.
pub async fn settled(
    connection: &mut PgConnection,
    waiting: &[(Realm, String)],
) -> Result<Vec<(Realm, String)>, StoreError> {
    let projects: Vec<i64> = waiting.iter().map(|(realm, _)| realm.project.0).collect();
    let livemodes: Vec<bool> = waiting.iter().map(|(realm, _)| realm.mode.is_live()).collect();
    let events: Vec<String> = waiting.iter().map(|(_, event)| event.clone()).collect();
    let rows = sqlx::query!(
        r#"SELECT e.project_id, e.livemode, e.event_id
         FROM unnest($1::bigint[], $2::boolean[], $3::text[]) AS w (project_id, livemode, event_id)
         JOIN events e ON e.project_id = w.project_id AND e.livemode = w.livemode AND e.account = ''
              AND e.event_id = w.event_id COLLATE "C""#,
        &projects,
        &livemodes,
        &events,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mode = Mode::from_livemode(row.livemode);
            (Realm { project: ProjectId(row.project_id), mode }, row.event_id)
        })
        .collect())
}
