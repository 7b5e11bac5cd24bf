//! Whether an endpoint takes what is sent to it.

use super::Outgoing;
use super::change::find;
use crate::Error;
use chrono::{DateTime, Utc};
use domain::ids::{EndpointId, Realm};
use domain::notification::Event;
use notify::{Answer, Message, Outcome};
use serde_json::json;
use std::time::{Duration, Instant};
use store::PgPool;
use store::webhook_endpoints::{Endpoint, EndpointStatus, enable, secrets};

/// How a test went.
#[derive(Clone, Debug)]
pub struct Tested {
    /// What was sent: `ntf_test_…`.
    pub id: String,
    /// Whether the endpoint took it.
    pub delivered: bool,
    /// What it answered.
    pub status_code: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// How long it took.
    pub duration: Duration,
    /// The start of its answer.
    pub answer: Option<String>,
    /// The endpoint afterwards: one that was disabled and took it is active again.
    pub endpoint: Endpoint,
}

/// Sends a notification that tells of nothing, signed as all are, and waits for the answer. It is in no sequence and no log.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn test(
    pool: &PgPool,
    outgoing: &Outgoing,
    realm: Realm,
    id: EndpointId,
    event: Event,
    now: DateTime<Utc>,
) -> Result<Tested, Error> {
    let (endpoint, stored) = {
        let mut connection = pool.acquire().await?;
        (find(&mut connection, realm, id).await?, secrets(&mut connection, id).await?)
    };
    let message = message(realm, event, now, outgoing.open(&stored)?)?;
    let limit = Duration::from_secs(endpoint.timeout_seconds.unsigned_abs().into());
    let started = Instant::now();
    let outcome = outgoing.client.post(&endpoint.url, &message, now, limit).await;
    let duration = started.elapsed();
    let (status_code, answer, error) = match outcome {
        Outcome::Answered(Answer { status, body, .. }) => {
            let error = (!(200..300).contains(&status)).then(|| format!("status {status}"));
            (Some(status), Some(body), error)
        }
        Outcome::Failed(failure) => (None, None, Some(failure.to_string())),
    };
    let delivered = error.is_none();
    let mut connection = pool.acquire().await?;
    let endpoint = if delivered && endpoint.status == EndpointStatus::Disabled {
        enable(&mut connection, realm, id).await?.unwrap_or(endpoint)
    } else {
        endpoint
    };
    Ok(Tested { id: message.id, delivered, status_code, error, duration, answer, endpoint })
}

#[expect(clippy::disallowed_methods, reason = "no two tests have one id")]
fn message(
    realm: Realm,
    event: Event,
    now: DateTime<Utc>,
    secrets: Vec<notify::Secret>,
) -> Result<Message, Error> {
    let id = format!("ntf_test_{:016x}", rand::random::<u64>());
    let body = json!({
        "event": event.as_str(),
        "timestamp": now.timestamp(),
        "project_id": realm.project.to_string(),
        "referrer": {"id": "0", "email": "affiliate@example.com"},
        "referred": {"id": "0", "email": "customer@example.com"},
        "data": {"test": true},
        "id": id,
        "sequence": 0,
        "livemode": realm.mode.is_live(),
        "cause": {"event": null, "actor": null, "reason": "a test"},
    });
    let body = serde_json::to_vec(&body).map_err(Error::unwritable)?.into();
    Ok(Message { id, event: event.as_str().to_owned(), body, secrets })
}
