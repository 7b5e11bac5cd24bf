//! An endpoint as clients see it.

use crate::answer::timestamp;
use crate::openapi::values::{EndpointStatusWord, EventWord};
use serde::Serialize;
use store::webhook_endpoints;
use utoipa::ToSchema;

/// Where notifications are sent to.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub(crate) struct Endpoint {
    id: i64,
    #[schema(example = "https://example.com/hooks")]
    url: String,
    description: Option<String>,
    /// Names of events; `*` alone is all of them, also those to come.
    #[schema(value_type = Vec<EventWord>)]
    events: Vec<String>,
    /// `active`; `paused` by a person, or `disabled` by the service: what comes meanwhile is parked.
    #[schema(value_type = EndpointStatusWord)]
    status: &'static str,
    /// One at a time, in the order of the sequence: one that fails holds up those behind it.
    ordered: bool,
    /// How long a try may take.
    timeout_seconds: i16,
    /// What notifications are signed with: shown when it was made, and only then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
    /// The first of the tries that failed since the last success.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// Why the service sends nothing there any more.
    disabled_reason: Option<String>,
    /// Notifications on their way.
    pending: i64,
    /// Notifications that are kept until `redeliver` asks for them.
    parked: i64,
    #[schema(format = DateTime)]
    created_at: String,
}

impl Endpoint {
    /// With the secret that was just made.
    pub(super) fn with_secret(endpoint: webhook_endpoints::Endpoint, secret: &str) -> Self {
        Self { secret: Some(secret.to_owned()), ..endpoint.into() }
    }
}

impl From<webhook_endpoints::Endpoint> for Endpoint {
    fn from(endpoint: webhook_endpoints::Endpoint) -> Self {
        Self {
            id: endpoint.id.0,
            url: endpoint.url,
            description: endpoint.description,
            events: endpoint.events,
            status: endpoint.status.as_str(),
            ordered: endpoint.ordered,
            timeout_seconds: endpoint.timeout_seconds,
            secret: None,
            failing_since: endpoint.failing_since.map(timestamp),
            disabled_reason: endpoint.disabled_reason,
            pending: endpoint.pending,
            parked: endpoint.parked,
            created_at: timestamp(endpoint.created_at),
        }
    }
}
