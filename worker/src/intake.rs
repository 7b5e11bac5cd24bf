//! From a message to what has to be done with it. Pure.

use common::domain::command::Command;
use common::domain::mappings::Mappings;
use common::queue::{
    Delivery,
    envelope::{Envelope, Source},
};
use common::store::settlement::{InboxEvent, Item};
use common::stripe::event::{self, Outcome, Reading, Unreadable};
use common::stripe::fetched::read_fetched;
use common::stripe::metadata::MetadataKeys;
use common::stripe::missing::Missing;
use serde::Deserialize;

/// How many deliveries of one message may fail. A message that was in the hands of so many workers
/// that died, or was put off so often, is left to a person.
const MAX_ATTEMPTS: u32 = 20;

/// What a message asks for.
#[derive(Debug)]
pub(crate) enum Task {
    /// Settle it, with others in one transaction.
    Settle(Box<Work>),
    /// Ask Stripe for what a payload lacked.
    Fetch(Missing),
    /// Judge again what a changed mapping concerns.
    Resettle(Mappings),
}

/// Something to settle.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) item: Item,
    /// What the payload lacked.
    pub(crate) missing: Vec<Missing>,
}

/// Why a message cannot be worked on, for whoever reads the dead letters.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unworkable {
    #[error(transparent)]
    Stripe(#[from] Unreadable),
    #[error("the body is not a {what}: {reason}")]
    Body { what: &'static str, reason: String },
    #[error("{0} deliveries failed: its worker died or was cut off each time, or it was put off that often")]
    TooManyAttempts(u32),
}

/// Reads a message.
pub(crate) fn read(delivery: &Delivery) -> Result<Task, Unworkable> {
    if delivery.attempt >= MAX_ATTEMPTS {
        return Err(Unworkable::TooManyAttempts(delivery.attempt));
    }
    read_envelope(&delivery.envelope)
}

fn read_envelope(envelope: &Envelope) -> Result<Task, Unworkable> {
    let headers = &envelope.headers;
    match headers.source {
        Source::Stripe => {
            let keys = MetadataKeys::default();
            let reading = event::read(&envelope.body, headers.mode, &keys, headers.received_at)?;
            let account = reading.account.clone().unwrap_or_default();
            Ok(told(envelope, account, "stripe", reading))
        }
        Source::Fetched => {
            let reading = read_fetched(&envelope.body, headers.mode, headers.received_at)?;
            // Its id names the account where there is one.
            Ok(told(envelope, String::new(), "fetched", reading))
        }
        Source::Api => Ok(commanded(envelope, json(&envelope.body, "command of the REST API")?)),
        Source::Fetch => Ok(Task::Fetch(json(&envelope.body, "request to fetch from Stripe")?)),
        Source::Resettle => Ok(Task::Resettle(json(&envelope.body, "list of changed mappings")?)),
    }
}

fn json<T: for<'de> Deserialize<'de>>(body: &[u8], what: &'static str) -> Result<T, Unworkable> {
    // The place, not the text: it may hold personal data.
    let describe = |error: serde_json::Error| {
        format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column())
    };
    serde_json::from_slice(body).map_err(|error| Unworkable::Body { what, reason: describe(error) })
}

fn told(envelope: &Envelope, account: String, source: &'static str, reading: Reading) -> Task {
    let (facts, missing, ignored) = match reading.outcome {
        Outcome::Facts { facts, missing } => (facts, missing, None),
        Outcome::Ignored { reason } => (Vec::new(), Vec::new(), Some(reason)),
    };
    let event = InboxEvent {
        account,
        event_id: reading.event_id,
        source,
        event_type: reading.event_type,
        api_version: reading.api_version,
        occurred_at: reading.created,
        received_at: envelope.headers.received_at,
        ignored,
        traceparent: envelope.headers.traceparent.clone(),
        body: envelope.body.clone(),
    };
    Task::Settle(Box::new(Work { item: Item { realm: envelope.realm(), event, facts }, missing }))
}

fn commanded(envelope: &Envelope, command: Command) -> Task {
    let event = InboxEvent {
        account: String::new(),
        event_id: command.event_id(),
        source: "api",
        event_type: command.event_type().to_owned(),
        api_version: None,
        occurred_at: command.occurred_at(),
        received_at: envelope.headers.received_at,
        ignored: None,
        traceparent: envelope.headers.traceparent.clone(),
        body: envelope.body.clone(),
    };
    let facts = vec![command.into_fact()];
    Task::Settle(Box::new(Work { item: Item { realm: envelope.realm(), event, facts }, missing: Vec::new() }))
}
