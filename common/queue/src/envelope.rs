//! What travels on the queue: the raw body and what was known of it when it was accepted.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::ids::{Mode, ProjectId, Realm};
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
    /// An object of Stripe's history, as the event that would have told it.
    Backfill,
    /// A request to see that a coupon has its promotion code at Stripe, or has none any more.
    Promotion,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Stripe,
        Self::Api,
        Self::Fetch,
        Self::Fetched,
        Self::Resettle,
        Self::Backfill,
        Self::Promotion,
    ];

    /// As headers and inbox write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Api => "api",
            Self::Fetch => "fetch",
            Self::Fetched => "fetched",
            Self::Resettle => "resettle",
            Self::Backfill => "backfill",
            Self::Promotion => "promotion",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
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

    /// The same with the trace of the request, if `traceparent` is one.
    #[must_use]
    pub fn with_traceparent(mut self, traceparent: Option<&str>) -> Self {
        self.headers.traceparent = traceparent.filter(|text| is_traceparent(text)).map(str::to_owned);
        self
    }

    /// The project and mode that the body belongs to.
    #[must_use]
    pub fn realm(&self) -> Realm {
        Realm { project: self.headers.project, mode: self.headers.mode }
    }
}

impl Headers {
    /// Reads headers of any version that was ever written. Fields that this program does not know
    /// are passed over.
    pub fn from_json(json: serde_json::Value) -> Result<Self, HeadersError> {
        match json.get("version").and_then(serde_json::Value::as_u64) {
            None => Err(HeadersError::NoVersion),
            Some(1) => serde_json::from_value(json).map_err(HeadersError::Unreadable),
            Some(version) => Err(HeadersError::UnknownVersion(version)),
        }
    }
}

/// Why headers can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HeadersError {
    /// Not one of our messages.
    #[error("the headers name no version")]
    NoVersion,
    /// Most likely a newer program wrote it: update the workers first, then the API.
    #[error("the headers are of version {0}, which this program does not know")]
    UnknownVersion(u64),
    /// A field is missing or of another type.
    #[error("the headers can't be read")]
    Unreadable(#[source] serde_json::Error),
}

/// W3C Trace Context, level 1: `version-traceid-parentid-flags` in lower-case hex.
fn is_traceparent(text: &str) -> bool {
    text.len() == 55
        && text.bytes().enumerate().all(|(i, b)| match i {
            2 | 35 | 52 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{Mode, ProjectId};
    use serde_json::json;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn envelope() -> Envelope {
        let realm = Realm { project: ProjectId(7), mode: Mode::Test };
        Envelope::new(Source::Stripe, realm, Bytes::from_static(b"{}"), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn version_1_stays_readable() -> Result<(), Box<dyn std::error::Error>> {
        let golden: serde_json::Value = serde_json::from_str(include_str!("../tests/data/envelope/v1.json"))?;
        let headers = Headers::from_json(golden.clone())?;
        assert_eq!(headers.version, 1);
        assert_eq!(headers.source, Source::Stripe);
        assert_eq!(headers.project, ProjectId(42));
        assert_eq!(headers.mode, Mode::Live);
        assert_eq!(headers.traceparent.as_deref(), Some(TRACE));
        assert_eq!(serde_json::to_value(&headers)?, golden, "and is written the same way");
        Ok(())
    }

    #[test]
    fn every_source_keeps_its_name() -> Result<(), serde_json::Error> {
        assert_eq!(
            serde_json::to_value(Source::ALL)?,
            json!(["stripe", "api", "fetch", "fetched", "resettle", "backfill"])
        );
        assert_eq!(serde_json::to_value(Source::ALL)?, json!(Source::ALL.map(Source::as_str)));
        Ok(())
    }

    #[test]
    fn headers_of_a_newer_program_are_told_apart_from_broken_ones() {
        let reason = |json| Headers::from_json(json).map_err(|error| error.to_string());
        assert_eq!(reason(json!({})), Err("the headers name no version".to_owned()));
        assert_eq!(
            reason(json!({"version": 2})),
            Err("the headers are of version 2, which this program does not know".to_owned())
        );
        assert_eq!(reason(json!({"version": 1})), Err("the headers can't be read".to_owned()));
    }

    #[test]
    fn only_a_trace_context_is_carried() {
        let carried = |text| envelope().with_traceparent(Some(text)).headers.traceparent;
        assert_eq!(carried(TRACE).as_deref(), Some(TRACE));
        assert_eq!(carried("00-nonsense"), None);
        assert_eq!(carried(&TRACE.replace('f', "\0")), None);
    }
}
