//! What travels on the queue: the raw body and what was known of it when it was accepted.

use crate::domain::ids::{Mode, ProjectId, Realm};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the envelope that this program writes. Every version ever written stays readable.
pub const ENVELOPE_VERSION: u8 = 1;

/// A raw body on its way to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Everything but the body.
    pub headers: Headers,
    /// The body exactly as it was received.
    pub body: Bytes,
}

/// What was known of a body when it was accepted. On RabbitMQ these are message headers, in
/// PostgreSQL one JSON column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// [`ENVELOPE_VERSION`] of the writer.
    pub version: u8,
    /// Names the message in logs and dead letters; not a dedupe key.
    pub message_id: Uuid,
    /// Where the body came from, and so how it is read.
    pub source: Source,
    /// The project it was posted to.
    pub project: ProjectId,
    /// The mode of the secret or key that authenticated it.
    pub mode: Mode,
    /// When it was accepted.
    pub received_at: DateTime<Utc>,
    /// W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// Where a body came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A Stripe event, its signature verified.
    Stripe,
    /// A command that the REST API accepted.
    Api,
    /// A request to fetch from Stripe what a payload lacked.
    Fetch,
    /// What such a fetch brought.
    Fetched,
    /// A request to judge some customers again, since a mapping changed.
    Resettle,
}

impl Envelope {
    /// A new envelope, accepted at `received_at`.
    #[must_use]
    pub fn new(source: Source, realm: Realm, body: Bytes, received_at: DateTime<Utc>) -> Self {
        Self {
            headers: Headers {
                version: ENVELOPE_VERSION,
                message_id: Uuid::now_v7(),
                source,
                project: realm.project,
                mode: realm.mode,
                received_at,
                traceparent: None,
            },
            body,
        }
    }

    /// The project and mode that the body belongs to.
    #[must_use]
    pub fn realm(&self) -> Realm {
        Realm { project: self.headers.project, mode: self.headers.mode }
    }
}
