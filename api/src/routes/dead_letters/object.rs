//! Dead letters as clients see them.

use crate::answer::timestamp;
use queue::dead_letters as stored;
use serde::Serialize;
use utoipa::ToSchema;

/// A message that no worker could settle, kept until somebody decides.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetter {
    id: i64,
    /// What has to be mended.
    reason: String,
    /// What it is: `stripe`, `api`, `fetch`, `fetched` or `resettle`; null when its headers cannot be read.
    source: Option<String>,
    /// Names it in the logs.
    message_id: Option<String>,
    /// Deliveries that were put off.
    attempts: i32,
    /// The size of its body.
    body_bytes: i32,
    /// When it was accepted.
    #[schema(format = DateTime)]
    received_at: Option<String>,
    /// When it was given up.
    #[schema(format = DateTime)]
    created_at: String,
}

impl DeadLetter {
    pub(super) const COLUMNS: &'static [&'static str] =
        &["id", "reason", "source", "message_id", "attempts", "body_bytes", "received_at", "created_at"];
}

impl From<stored::DeadLetter> for DeadLetter {
    fn from(letter: stored::DeadLetter) -> Self {
        let header =
            |name: &str| letter.headers.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        Self {
            id: letter.id,
            source: header("source"),
            message_id: header("message_id"),
            received_at: header("received_at")
                .and_then(|at| chrono::DateTime::parse_from_rfc3339(&at).ok())
                .map(|at| timestamp(at.to_utc())),
            reason: letter.reason,
            attempts: letter.attempts,
            body_bytes: letter.body_bytes,
            created_at: timestamp(letter.died_at),
        }
    }
}

/// A dead letter with its body.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterInFull {
    #[serde(flatten)]
    letter: DeadLetter,
    /// As it was received. Null for a key that is not `full`, since it holds what a provider knows of a customer.
    body: Option<String>,
}

impl DeadLetterInFull {
    pub(super) fn new(letter: stored::DeadLetter, body: Option<&[u8]>) -> Self {
        Self { letter: letter.into(), body: body.map(|body| String::from_utf8_lossy(body).into_owned()) }
    }
}
