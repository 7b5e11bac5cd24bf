//! `PUT /api/v1/webhook-endpoints/{id}`

use super::Endpoint;
use super::create::seconds;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, Id, MAX_TEXT, MAX_URL, Warnings};
use crate::openapi::values::{EventWord, SettableEndpointStatus, Text, WebhookUrl};
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use app::endpoints;
use axum::extract::State;
use domain::ids::EndpointId;
use store::webhook_endpoints::{Change, EndpointStatus};
use utoipa::ToSchema;

/// What changes of an endpoint; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; change reads it")]
pub(crate) struct PutWebhookEndpoint {
    url: Option<WebhookUrl>,
    #[schema(min_items = 1)]
    events: Option<Vec<EventWord>>,
    /// Null clears it.
    description: Option<Text>,
    ordered: Option<bool>,
    #[schema(minimum = 1, maximum = 30)]
    timeout_seconds: Option<i16>,
    /// `paused` parks what comes; `active` sends again.
    status: Option<SettableEndpointStatus>,
}

/// Change an endpoint
///
/// What is on its way to it already goes to the new URL.
#[utoipa::path(
    put,
    path = "/webhook-endpoints/{id}",
    operation_id = "update_webhook_endpoint",
    tag = "Notifications",
    request_body = PutWebhookEndpoint,
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "As it stands now", body = Data<Endpoint>),
    ),
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    fields: Fields,
) -> Result<Data<Endpoint>, ApiError> {
    // What does not exist is said before what is wrong with the body.
    let id = EndpointId(id);
    endpoints::find(&mut *state.pool.acquire().await?, caller.realm, id).await?;
    let (change, warnings) = change(fields)?;
    let endpoint = endpoints::update(&state.pool, &state.outgoing, caller.realm, id, change).await?;
    Ok(Data::warned(endpoint.into(), warnings))
}

fn change(mut fields: Fields) -> Result<(Change, Warnings), ApiError> {
    let statuses = [EndpointStatus::Active, EndpointStatus::Paused].map(|status| (status.as_str(), status));
    let description = fields.text("description", MAX_TEXT);
    let change = Change {
        url: fields.text("url", MAX_URL),
        description: if fields.is_null("description") { Some(None) } else { description.map(Some) },
        events: fields.texts("events"),
        ordered: fields.boolean("ordered"),
        timeout_seconds: seconds(&mut fields),
        status: fields.one_of("status", &statuses),
    };
    Ok((change, fields.finish()?))
}
