//! Events in, as clients see them.

use crate::answer::timestamp;
use crate::openapi::values::{DeliveryStatusWord, EventSourceWord, OutcomeWord};
use ::store::events::{self as store, Arrival, Consequence};
use domain::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that was received and settled: a provider's event, or a command of this API.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReceivedEvent {
    /// Larger is later.
    id: i64,
    /// `evt_…`, or the name of a command.
    #[schema(example = "evt_1NqX3F2eZvKYlo2C")]
    event_id: String,
    /// The provider's type, or the command's.
    #[serde(rename = "type")]
    #[schema(example = "invoice.paid")]
    kind: String,
    /// Where it came from.
    #[schema(value_type = EventSourceWord)]
    source: String,
    /// Whether it had an effect.
    #[schema(value_type = OutcomeWord)]
    outcome: &'static str,
    /// Why it had none.
    ignored: Option<String>,
    /// Its own time.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// When it was durable, and on the queue.
    #[schema(format = DateTime)]
    received_at: String,
    /// When its effects were committed.
    #[schema(format = DateTime)]
    created_at: String,
    /// The W3C trace context of the request that brought it.
    traceparent: Option<String>,
}

impl ReceivedEvent {
    pub(super) const COLUMNS: &'static [&'static str] = &[
        "id",
        "event_id",
        "type",
        "source",
        "outcome",
        "ignored",
        "occurred_at",
        "received_at",
        "created_at",
        "traceparent",
    ];
}

impl From<store::Event> for ReceivedEvent {
    fn from(event: store::Event) -> Self {
        Self {
            id: event.id,
            event_id: event.event,
            kind: event.kind,
            source: event.source,
            outcome: if event.ignored.is_some() { "ignored" } else { "settled" },
            ignored: event.ignored,
            occurred_at: timestamp(event.occurred_at),
            received_at: timestamp(event.received_at),
            created_at: timestamp(event.settled_at),
            traceparent: event.traceparent,
        }
    }
}

/// An event, what was told of it and to whom, and its body.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReceivedEventInFull {
    #[serde(flatten)]
    event: ReceivedEvent,
    /// The notifications that it brought about, in their order; they are kept for 90 days.
    notifications: Vec<BroughtAbout>,
    /// As it was received. Null for a key that is not `full`, since it holds what a provider knows of a customer, and where it went
    /// into an archive.
    body: Option<String>,
}

impl ReceivedEventInFull {
    pub(super) fn new(event: store::Event, told: Vec<Consequence>, body: Option<&[u8]>) -> Self {
        Self {
            event: event.into(),
            notifications: told.into_iter().map(BroughtAbout::from).collect(),
            body: body.filter(|body| !body.is_empty()).map(|body| String::from_utf8_lossy(body).into_owned()),
        }
    }
}

/// A notification that an event brought about.
#[derive(Serialize, ToSchema)]
struct BroughtAbout {
    /// `ntf_…`
    id: String,
    /// Its place in the feed; null before it is numbered.
    sequence: Option<i64>,
    event: String,
    /// The conversion whose commission moved.
    conversion_id: Option<i64>,
    /// By how much the affiliate's payable balance changed, in `currency`.
    #[schema(example = "9.80")]
    delta: Option<String>,
    /// ISO 4217, lower case.
    #[schema(example = "usd")]
    currency: Option<String>,
    deliveries: Vec<AtEndpoint>,
}

impl From<Consequence> for BroughtAbout {
    fn from(told: Consequence) -> Self {
        Self {
            id: told.notification,
            sequence: told.sequence,
            event: told.event,
            conversion_id: told.conversion.map(|id| id.0),
            delta: told.delta.map(Money::to_decimal),
            currency: told.delta.map(|delta| delta.currency.to_string()),
            deliveries: told.arrivals.into_iter().map(AtEndpoint::from).collect(),
        }
    }
}

/// How it went at one endpoint.
#[derive(Serialize, ToSchema)]
struct AtEndpoint {
    endpoint_id: i64,
    #[schema(value_type = DeliveryStatusWord)]
    status: String,
    /// When it was last tried.
    #[schema(format = DateTime)]
    tried_at: Option<String>,
}

impl From<Arrival> for AtEndpoint {
    fn from(arrival: Arrival) -> Self {
        Self {
            endpoint_id: arrival.endpoint.0,
            status: arrival.status,
            tried_at: arrival.tried_at.map(timestamp),
        }
    }
}
