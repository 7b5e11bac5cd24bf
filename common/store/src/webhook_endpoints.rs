//! Where notifications are sent to.

mod health;
mod list;
mod object;
mod secrets;
mod write;

pub use health::{disable, enable, park_strays};
pub use list::{count, find, list, realm_of};
pub use secrets::{ROTATION_HOURS, replace_secret, secrets};
pub use write::{Change, NewEndpoint, create, delete, update};

use crate::{StoreError, decode};
use chrono::{DateTime, Utc};
use domain::ids::EndpointId;

/// Stands for every event, also those to come.
pub const ALL_EVENTS: &str = "*";

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Where it is posted to.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Names of events, or [`ALL_EVENTS`].
    pub events: Vec<String>,
    /// Whether it is sent to.
    pub status: EndpointStatus,
    /// One at a time, in the order of the sequence.
    pub ordered: bool,
    /// How long a try may take.
    pub timeout_seconds: i16,
    /// The first failure since the last success.
    pub failing_since: Option<DateTime<Utc>>,
    /// How many tries failed since the last success.
    pub failures: i32,
    /// Why the service sends nothing there any more.
    pub disabled_reason: Option<String>,
    /// How many notifications are on their way.
    pub pending: i64,
    /// How many are kept until they are asked for.
    pub parked: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Whether an endpoint is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointStatus {
    /// It is.
    Active,
    /// A person stopped it for a while.
    Paused,
    /// The service stopped it, since nobody takes anything there.
    Disabled,
}

impl EndpointStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Disabled];

    /// As the table and the REST API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

struct Row {
    id: i64,
    url: String,
    description: Option<String>,
    events: Vec<String>,
    status: String,
    ordered: bool,
    timeout_seconds: i16,
    failing_since: Option<DateTime<Utc>>,
    failures: i32,
    disabled_reason: Option<String>,
    pending: i64,
    parked: i64,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Endpoint {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: EndpointId(row.id),
            url: row.url,
            description: row.description,
            events: row.events,
            status: EndpointStatus::parse(&row.status)
                .ok_or_else(|| decode("an endpoint of an unknown status"))?,
            ordered: row.ordered,
            timeout_seconds: row.timeout_seconds,
            failing_since: row.failing_since,
            failures: row.failures,
            disabled_reason: row.disabled_reason,
            pending: row.pending,
            parked: row.parked,
            created_at: row.created_at,
        })
    }
}
