//! From an event's body to facts.

mod listed;

pub use listed::Listed;

use super::collector::FactCollector;
use super::json::{self, BadField, Text, UnixTime, filled, required};
use super::metadata::{Metadata, MetadataKeys};
use super::read::{self, Treatment};
pub use super::reading::{Outcome, Reading, Unreadable};
use super::thin;
use chrono::{DateTime, Utc};
use domain::ids::Mode;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

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
    created: Option<UnixTime>,
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
        created: envelope.created.map_or(received_at, |UnixTime(created)| created),
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
    let UnixTime(at) = required(envelope.created, "created")?;
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
