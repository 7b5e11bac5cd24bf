//! `POST /api/v1/webhook-endpoints`

use super::Endpoint;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, MAX_TEXT, MAX_URL, Warnings};
use crate::openapi::values::{EventWord, SigningSecret, Text, WebhookUrl};
use crate::openapi::{Creating, Idempotent};
use crate::state::AppState;
use app::endpoints::{self, Draft};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

/// The longest time-out, in seconds.
pub(super) const LONGEST_TIMEOUT: i64 = 30;

/// A new endpoint.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; draft reads it")]
pub(crate) struct PostWebhookEndpoint {
    /// HTTPS on a public address, unless the operator allows others.
    url: WebhookUrl,
    /// Names of events, or `["*"]`.
    #[schema(min_items = 1)]
    events: Vec<EventWord>,
    /// What notifications are signed with; made when absent.
    secret: Option<SigningSecret>,
    description: Option<Text>,
    /// One at a time, in the order of the sequence.
    ordered: Option<bool>,
    /// How long a try may take; 15 when absent.
    #[schema(minimum = 1, maximum = 30)]
    timeout_seconds: Option<i16>,
}

/// Have notifications sent
///
/// It gets what happens from now on. The secret is shown in this answer and never again.
#[utoipa::path(
    post,
    path = "/webhook-endpoints",
    operation_id = "create_webhook_endpoint",
    tag = "Notifications",
    request_body = PostWebhookEndpoint,
    params(Idempotent),
    responses(
        Creating,
        (status = 201, description = "As it was made, with its secret", body = Data<Endpoint>),
        (status = 409, description = "There are 200 already; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    fields: Fields,
) -> Result<Response, ApiError> {
    let (draft, warnings) = draft(fields)?;
    let (endpoint, secret) = endpoints::create(&state.pool, &state.outgoing, caller.realm, &draft).await?;
    let location = format!("/api/v1/webhook-endpoints/{}", endpoint.id);
    let endpoint = Endpoint::with_secret(endpoint, secret.expose());
    let answer = json(StatusCode::CREATED, &Data::warned(endpoint, warnings));
    Ok(([(header::LOCATION, location)], answer).into_response())
}

fn draft(mut fields: Fields) -> Result<(Draft, Warnings), ApiError> {
    let url = fields.text("url", MAX_URL);
    let url = fields.required("url", url);
    let events = fields.texts("events");
    let events = fields.required("events", events);
    let draft = Draft {
        url: url.unwrap_or_default(),
        events: events.unwrap_or_default(),
        secret: fields.string("secret", MAX_TEXT),
        description: fields.text("description", MAX_TEXT),
        ordered: fields.boolean("ordered").unwrap_or(false),
        timeout_seconds: seconds(&mut fields),
    };
    Ok((draft, fields.finish()?))
}

pub(super) fn seconds(fields: &mut Fields) -> Option<i16> {
    fields.integer("timeout_seconds", 1, LONGEST_TIMEOUT).and_then(|seconds| i16::try_from(seconds).ok())
}
