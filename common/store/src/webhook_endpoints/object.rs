//! An endpoint as REST gives it, for notifications.

use super::Endpoint;
use crate::{StoreError, decode};
use chrono::SecondsFormat;
use serde::Serialize;

#[derive(Serialize)]
struct Object<'a> {
    id: i64,
    url: &'a str,
    description: Option<&'a str>,
    events: &'a [String],
    status: &'static str,
    ordered: bool,
    timeout_seconds: i16,
    failing_since: Option<String>,
    disabled_reason: Option<&'a str>,
    pending: i64,
    parked: i64,
    created_at: String,
}

/// The JSON of an endpoint, without its secret.
pub(super) fn json(endpoint: &Endpoint) -> Result<String, StoreError> {
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let object = Object {
        id: endpoint.id.0,
        url: &endpoint.url,
        description: endpoint.description.as_deref(),
        events: &endpoint.events,
        status: endpoint.status.as_str(),
        ordered: endpoint.ordered,
        timeout_seconds: endpoint.timeout_seconds,
        failing_since: endpoint.failing_since.map(time),
        disabled_reason: endpoint.disabled_reason.as_deref(),
        pending: endpoint.pending,
        parked: endpoint.parked,
        created_at: time(endpoint.created_at),
    };
    serde_json::to_string(&object).map_err(decode)
}
