//! Making, changing and deleting an endpoint.

use super::{Endpoint, EndpointStatus, find};
use crate::{PgConnection, StoreError};
use domain::ids::{EndpointId, Realm};

/// An endpoint to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewEndpoint<'a> {
    /// Where it is posted to.
    pub url: &'a str,
    /// For people.
    pub description: Option<&'a str>,
    /// Names of events, or [`ALL_EVENTS`](super::ALL_EVENTS).
    pub events: &'a [String],
    /// One at a time, in the order of the sequence.
    pub ordered: bool,
    /// How long a try may take, from 1 to 30.
    pub timeout_seconds: i16,
    /// What it is signed with, sealed when there is a key for that.
    pub secret: &'a str,
}

/// Makes an endpoint. It gets what is numbered from now on.
///
/// # Errors
/// When the database fails.
pub async fn create(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewEndpoint<'_>,
) -> Result<EndpointId, StoreError> {
    let id = sqlx::query_scalar!(
        r#"WITH endpoint AS (
               INSERT INTO webhook_endpoints (project_id, livemode, url, description, events, ordered, timeout_seconds)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               RETURNING id
           ), secret AS (
               INSERT INTO webhook_endpoint_secrets (endpoint_id, secret) SELECT id, $8 FROM endpoint
           )
           SELECT id AS "id!" FROM endpoint"#,
        realm.project.0,
        realm.mode.is_live(),
        new.url,
        new.description,
        new.events,
        new.ordered,
        new.timeout_seconds,
        new.secret,
    )
    .fetch_one(connection)
    .await?;
    Ok(EndpointId(id))
}

/// What is changed; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Where it is posted to.
    pub url: Option<String>,
    /// For people; `Some(None)` clears it.
    pub description: Option<Option<String>>,
    /// Names of events, or [`ALL_EVENTS`](super::ALL_EVENTS).
    pub events: Option<Vec<String>>,
    /// One at a time, in the order of the sequence.
    pub ordered: Option<bool>,
    /// How long a try may take, from 1 to 30.
    pub timeout_seconds: Option<i16>,
    /// Active or paused. What is on its way to a paused one goes on when it is active again; what comes meanwhile is parked.
    pub status: Option<EndpointStatus>,
}

/// Changes an endpoint; `None` when there is none.
///
/// # Errors
/// When the database fails.
pub async fn update(
    connection: &mut PgConnection,
    realm: Realm,
    id: EndpointId,
    change: &Change,
) -> Result<Option<Endpoint>, StoreError> {
    sqlx::query!(
        "UPDATE webhook_endpoints
         SET url = coalesce($4, url), description = CASE WHEN $5 THEN $6 ELSE description END,
             events = coalesce($7, events), ordered = coalesce($8, ordered),
             timeout_seconds = coalesce($9, timeout_seconds), status = coalesce($10, status),
             disabled_reason = CASE WHEN coalesce($10, status) = 'disabled' THEN disabled_reason END,
             failing_since = CASE WHEN $10 = 'active' AND status = 'disabled' THEN NULL ELSE failing_since END,
             failures = CASE WHEN $10 = 'active' AND status = 'disabled' THEN 0 ELSE failures END
         WHERE id = $3 AND project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
        id.0,
        change.url,
        change.description.is_some(),
        change.description.as_ref().and_then(Option::as_deref),
        change.events.as_deref(),
        change.ordered,
        change.timeout_seconds,
        change.status.map(EndpointStatus::as_str),
    )
    .execute(&mut *connection)
    .await?;
    find(connection, realm, id).await
}

/// Deletes an endpoint with all that is on its way to it; `None` when there is none.
///
/// # Errors
/// When the database fails.
pub async fn delete(
    connection: &mut PgConnection,
    realm: Realm,
    id: EndpointId,
) -> Result<Option<Endpoint>, StoreError> {
    let Some(endpoint) = find(&mut *connection, realm, id).await? else { return Ok(None) };
    sqlx::query!("DELETE FROM webhook_endpoints WHERE id = $1", id.0).execute(connection).await?;
    Ok(Some(endpoint))
}
