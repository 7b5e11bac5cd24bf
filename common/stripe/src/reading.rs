//! What comes of reading an event.

use super::missing::Missing;
use chrono::{DateTime, Utc};
use domain::fact::Fact;
use domain::provider_code::ProviderCode;

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `evt_…`: the inbox key.
    pub event_id: String,
    /// `invoice.paid` and so on.
    pub event_type: String,
    /// The API version that wrote it.
    pub api_version: Option<String>,
    /// The connected account it comes from, when it is not the project's own.
    pub account: Option<String>,
    /// The event's own time.
    pub created: DateTime<Utc>,
    /// What it is worth.
    pub outcome: Outcome,
}

/// What an event is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds facts.
    Facts {
        /// At least one fact or gap; natural keys are unique among them.
        facts: Vec<Fact>,
        /// What the payload lacked.
        missing: Vec<Missing>,
    },
    /// It tells of a code at Stripe, which the registry keeps: whose it is, affiliates' coupons say.
    Code(ProviderCode),
    /// It holds nothing that concerns attribution, or must not be used.
    Ignored {
        /// Why, for a person.
        reason: String,
    },
}

/// An authentic body that cannot be read. It belongs to the dead letters: after a fix it can be read
/// again. No message quotes a value of the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON, not an object, or an envelope with a field of the wrong type.
    #[error("the body is not a Stripe event: {}{reason}", at_path(path.as_deref()))]
    NotAnEvent {
        /// The field, when one is to blame.
        path: Option<String>,
        /// What is wrong.
        reason: String,
    },
    /// An event of a kind that matters lacks what it cannot be understood without.
    #[error("{event_type} {event_id} cannot be read: {}{reason}", at_path(path.as_deref()))]
    BadObject {
        /// `evt_…`
        event_id: String,
        /// Its type.
        event_type: String,
        /// The field, when one is to blame.
        path: Option<String>,
        /// What is wrong.
        reason: String,
    },
}

fn at_path(path: Option<&str>) -> String {
    path.map(|path| format!("at {path}: ")).unwrap_or_default()
}
