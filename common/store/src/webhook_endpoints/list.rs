//! Lists of endpoints, and one by its id.

use super::{Endpoint, Row};
use crate::page::{Page, Rows};
use crate::{PgConnection, StoreError, realm};
use domain::ids::{EndpointId, Realm};

/// The endpoint with this id.
///
/// # Errors
/// When the database fails.
pub async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    id: EndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, url, description, events, status, ordered, timeout_seconds, failing_since, failures,
                  disabled_reason, created_at,
                  (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending') AS "pending!",
                  (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'parked') AS "parked!"
           FROM webhook_endpoints e WHERE id = $3 AND project_id = $1 AND livemode = $2"#,
        realm.project.0,
        realm.mode.is_live(),
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .map(Endpoint::try_from)
    .transpose()
}

/// The project and mode of an endpoint.
///
/// # Errors
/// When the database fails.
pub async fn realm_of(connection: &mut PgConnection, id: EndpointId) -> Result<Option<Realm>, StoreError> {
    let row = sqlx::query!("SELECT project_id, livemode FROM webhook_endpoints WHERE id = $1", id.0);
    Ok(row.fetch_optional(connection).await?.map(|row| realm(row.project_id, row.livemode)))
}

/// A page of endpoints, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    page: &Page,
) -> Result<Rows<Endpoint>, StoreError> {
    let (bound_at, bound_id) = page.bound();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, url, description, events, status, ordered, timeout_seconds, failing_since, failures,
                  disabled_reason, created_at,
                  (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending') AS "pending!",
                  (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'parked') AS "parked!"
           FROM webhook_endpoints e
           WHERE project_id = $1 AND livemode = $2 AND (created_at, id) < ($3, $4)
           ORDER BY created_at DESC, id DESC
           LIMIT $5 OFFSET $6"#,
        realm.project.0,
        realm.mode.is_live(),
        bound_at,
        bound_id,
        page.limit.saturating_add(1),
        page.offset,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(Endpoint::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Rows::cut(rows, page))
}

/// How many endpoints there are.
///
/// # Errors
/// When the database fails.
pub async fn count(connection: &mut PgConnection, realm: Realm) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webhook_endpoints WHERE project_id = $1 AND livemode = $2"#,
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_one(connection)
    .await?)
}
