//! From a message to what has to be done with it. Pure.

use common::intake::{self, ReadError, ReadEvent};
use domain::promotion::Promotion;
use domain::provider_code::ProviderCode;
use domain::reevaluation::Reevaluation;
use queue::{
    Delivery,
    envelope::{Envelope, Source},
};
use store::settlement::{InboxEvent, Item};
use stripe::metadata::MetadataKeys;
use stripe::missing::Missing;

/// What a message asks for.
#[derive(Debug)]
pub(crate) enum Task {
    /// Settle it, with others in one transaction.
    Settle(Box<Work>),
    /// Ask Stripe for what a payload lacked.
    Fetch(Missing),
    /// Judge again what a changed mapping concerns.
    Resettle(Reevaluation),
    /// See that a coupon has its promotion code at Stripe, or has none any more.
    Promotion(Promotion),
}

/// Something to settle.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) item: Item,
    /// What the payload lacked.
    pub(crate) missing: Vec<Missing>,
    /// A code at the provider, for the registry.
    pub(crate) code: Option<ProviderCode>,
}

/// Why a message cannot be worked on, for whoever reads the dead letters.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unworkable {
    #[error(transparent)]
    ReadError(#[from] ReadError),
    #[error("{0} workers died of it: each worked on it alone and did not come back")]
    Deadly(u32),
}

/// Reads a message.
pub(crate) fn read(delivery: &Delivery, keys: &MetadataKeys) -> Result<Task, Unworkable> {
    read_envelope(&delivery.envelope, keys)
}

fn read_envelope(envelope: &Envelope, keys: &MetadataKeys) -> Result<Task, Unworkable> {
    let (headers, body) = (&envelope.headers, &envelope.body);
    match headers.source {
        Source::Stripe | Source::Backfill | Source::Fetched | Source::Api => {
            let told = intake::read(headers.source, body, envelope.realm(), headers.received_at, keys)?;
            Ok(Task::Settle(Box::new(work(envelope, told))))
        }
        Source::Fetch => Ok(Task::Fetch(intake::json(body, "request to fetch from Stripe")?)),
        Source::Resettle => Ok(Task::Resettle(intake::json(body, "list of changed mappings")?)),
        Source::Promotion => Ok(Task::Promotion(intake::json(body, "request for a promotion code")?)),
    }
}

fn work(envelope: &Envelope, told: ReadEvent) -> Work {
    let event = InboxEvent {
        account: told.account,
        event_id: told.event_id,
        source: envelope.headers.source.as_str(),
        event_type: told.event_type,
        api_version: told.api_version,
        occurred_at: told.occurred_at,
        received_at: envelope.headers.received_at,
        ignored: told.ignored,
        traceparent: envelope.headers.traceparent.clone(),
        body: envelope.body.clone(),
    };
    let item = Item { realm: envelope.realm(), event, facts: told.facts };
    Work { item, missing: told.missing, code: told.code }
}
