//! `POST /api/v1/webhook-endpoints/{id}/test`

use super::Endpoint;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Id, OptionalFields};
use crate::openapi::values::SingleEventWord;
use crate::openapi::{Changing, Idempotent};
use crate::promptly::promptly;
use crate::state::AppState;
use app::endpoints::{self, Tested};
use axum::extract::State;
use domain::ids::EndpointId;
use domain::notification::Event;
use serde::Serialize;
use utoipa::ToSchema;

/// What to send.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request")]
pub(crate) struct PostWebhookTest {
    /// `referral_signed_up` when absent.
    event: Option<SingleEventWord>,
}

/// How a test went.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTest {
    /// What was sent.
    #[schema(example = "ntf_test_5f2c8d1e9a7b3c40")]
    id: String,
    /// Whether the endpoint took it.
    delivered: bool,
    /// What it answered; null when it did not.
    status_code: Option<u16>,
    /// What went wrong; null for a success.
    error: Option<String>,
    duration_ms: u64,
    /// The first 2 KB of the answer.
    answer: Option<String>,
    /// The endpoint afterwards: one that was disabled and took it is active again.
    endpoint: Endpoint,
}

impl From<Tested> for WebhookTest {
    fn from(tested: Tested) -> Self {
        Self {
            id: tested.id,
            delivered: tested.delivered,
            status_code: tested.status_code,
            error: tested.error,
            duration_ms: u64::try_from(tested.duration.as_millis()).unwrap_or(u64::MAX),
            answer: tested.answer,
            endpoint: tested.endpoint.into(),
        }
    }
}

/// Try an endpoint
///
/// Sends a notification that tells of nothing, signed as all are, and answers with what came of it. One that was disabled and
/// takes it is active again.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/test",
    operation_id = "test_webhook_endpoint",
    tag = "Notifications",
    request_body(content = Option<PostWebhookTest>),
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "How it went, well or not", body = Data<WebhookTest>),
    ),
)]
pub(crate) async fn test(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    OptionalFields(mut fields): OptionalFields,
) -> Result<Data<WebhookTest>, ApiError> {
    let words: Vec<_> = Event::ALL.iter().map(|event| (event.as_str(), *event)).collect();
    let event = fields.one_of("event", &words).unwrap_or(Event::ReferralSignedUp);
    let warnings = fields.finish()?;
    let (id, now) = (EndpointId(id), state.clock.now());
    // The endpoint may take its time; the database may not.
    promptly(async { endpoints::find(&mut *state.pool.acquire().await?, caller.realm, id).await }).await?;
    let tested = endpoints::test(&state.pool, &state.outgoing, caller.realm, id, event, now).await?;
    Ok(Data::warned(tested.into(), warnings))
}
