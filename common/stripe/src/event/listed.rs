//! An event in Stripe's list of events, before it is read.

use crate::json::{self, Text, UnixTime, filled, well_formed};
use crate::read::{self, Treatment};
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// What a list says of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `evt_…`
    pub id: String,
    /// `invoice.paid` and so on.
    pub event_type: String,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    id: Option<Text>,
    #[serde(rename = "type")]
    event_type: Option<Text>,
    created: Option<UnixTime>,
}

impl Listed {
    /// Reads one; none when it is no event.
    #[must_use]
    pub fn read(body: &str) -> Option<Self> {
        let body = well_formed(body.as_bytes());
        let envelope: Envelope = json::parse(&body).ok()?;
        Some(Self {
            id: filled(envelope.id.as_ref())?.to_owned(),
            event_type: filled(envelope.event_type.as_ref())?.to_owned(),
            created: envelope.created.map(|UnixTime(created)| created),
        })
    }

    /// Whether events of its type are read.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(read::treatment(&self.event_type), Treatment::Read(_))
    }
}
