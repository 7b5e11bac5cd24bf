//! From an event's body to facts.

mod listed;

pub use listed::Listed;

use super::collector::FactCollector;
use super::json::{self, BadField, Moment, Text, filled, required};
use super::metadata::{Metadata, MetadataKeys};
use super::missing::Missing;
use super::read::{self, Treatment};
use super::thin;
use chrono::{DateTime, Utc};
use domain::fact::Fact;
use domain::ids::Mode;
use domain::provider_code::ProviderCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    id: Option<Text>,
    object: Option<Text>,
    #[serde(rename = "type")]
    event_type: Option<Text>,
    api_version: Option<Text>,
    account: Option<Text>,
    livemode: Option<bool>,
    created: Option<Moment>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    /// What an update changed, as it was before.
    #[serde(borrow)]
    previous_attributes: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Previous {
    metadata: Metadata,
}

impl Data<'_> {
    /// Whether the metadata forbade commission before it was changed. What cannot be read decides nothing.
    fn forbade_commission(&self) -> bool {
        let previous =
            self.previous_attributes.and_then(|raw| json::parse::<Previous>(raw.get().as_bytes()).ok());
        previous.is_some_and(|previous| previous.metadata.forbids_commission())
    }
}

/// Reads the raw body of an event, in the shape of any API version.
///
/// `mode` is that of the secret that proved the event: an event of the other mode is ignored, and one
/// that does not say is of that mode (SEMANTICS 17). `received_at` stands in for the time of an ignored event that has none; facts have
/// the event's own time or there are none.
pub fn read(
    body: &[u8],
    mode: Mode,
    keys: &MetadataKeys,
    received_at: DateTime<Utc>,
) -> Result<Reading, Unreadable> {
    let not_an_event = |bad: BadField| Unreadable::NotAnEvent { path: bad.path, reason: bad.reason };
    let body = json::well_formed(body);
    let envelope: Envelope<'_> = json::parse(&body).map_err(not_an_event)?;
    if envelope.object.as_deref() == Some(thin::OBJECT) {
        return thin::read(&body, mode, received_at).map_err(not_an_event);
    }
    let event_id = required(filled(envelope.id.as_ref()), "id").map_err(not_an_event)?;
    let event_type = required(filled(envelope.event_type.as_ref()), "type").map_err(not_an_event)?;
    let bad_object = |bad: BadField| Unreadable::BadObject {
        event_id: event_id.to_owned(),
        event_type: event_type.to_owned(),
        path: bad.path,
        reason: bad.reason,
    };

    let outcome = match why_ignored(&envelope, event_type, mode) {
        Some(reason) => Outcome::Ignored { reason },
        None => read_object(&envelope, event_id, event_type, keys).map_err(bad_object)?,
    };
    Ok(Reading {
        event_id: event_id.to_owned(),
        event_type: event_type.to_owned(),
        api_version: filled(envelope.api_version.as_ref()).map(str::to_owned),
        account: filled(envelope.account.as_ref()).map(str::to_owned),
        created: envelope.created.map_or(received_at, |Moment(created)| created),
        outcome,
    })
}

fn why_ignored(envelope: &Envelope<'_>, event_type: &str, mode: Mode) -> Option<String> {
    if let Treatment::Ignore(reason) = read::treatment(event_type) {
        return Some(reason);
    }
    let theirs = Mode::from_livemode(envelope.livemode?);
    (theirs != mode).then(|| {
        format!("a {theirs} mode event (livemode {}), proven by a {mode} mode secret", theirs.is_live())
    })
}

fn read_object(
    envelope: &Envelope<'_>,
    event: &str,
    event_type: &str,
    keys: &MetadataKeys,
) -> Result<Outcome, BadField> {
    let Moment(at) = required(envelope.created, "created")?;
    let data = required(envelope.data, "data")?;
    let data: Data<'_> = json::parse(data.get().as_bytes()).map_err(|bad| bad.within("data"))?;
    let object = required(data.object, "data.object")?;

    let account = filled(envelope.account.as_ref());
    let mut collector = FactCollector {
        event,
        event_type,
        at,
        account,
        keys,
        forbade_commission: data.forbade_commission(),
        facts: Vec::new(),
        collected: BTreeSet::new(),
        missing: Vec::new(),
        code: None,
    };
    read::read(object.get().as_bytes(), &mut collector).map_err(|bad| bad.within("data.object"))?;
    collector.ensure_payable().map_err(|bad| bad.within("data.object"))?;

    let FactCollector { facts, missing, code, .. } = collector;
    if let Some(code) = code {
        return Ok(Outcome::Code(code));
    }
    if facts.is_empty() && missing.is_empty() {
        return Ok(Outcome::Ignored { reason: read::nothing_read(event_type) });
    }
    Ok(Outcome::Facts { facts, missing })
}
