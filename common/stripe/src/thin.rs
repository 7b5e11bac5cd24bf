//! Thin events (<https://docs.stripe.com/event-destinations>): they say which object something happened to, and the object is
//! fetched. Since 2026-09-30 the events of API v1 exist in this form, too; a merchant who chose "all events" gets both, from two
//! destinations with a secret each.

use super::json::{self, BadField, Text, UnixTime, filled, required};
use super::missing::Missing;
use super::read::{self, Treatment};
use super::reading::{Outcome, Reading};
use super::thin_event::INBOX;
use chrono::{DateTime, Utc};
use domain::ids::Mode;
use serde::Deserialize;

pub use super::thin_event::ThinEvent;

/// What `object` says of a thin event.
pub(super) const OBJECT: &str = "v2.core.event";

/// In front of the type of an event whose object is one of API v1.
const V1: &str = "v1.";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    id: Option<Text>,
    #[serde(rename = "type")]
    event_type: Option<Text>,
    created: Option<UnixTime>,
    livemode: Option<bool>,
    account: Option<Text>,
    /// The account it belongs to, of a destination that serves several.
    context: Option<Text>,
    snapshot_event: Option<Text>,
    related_object: Option<Related>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Related {
    id: Option<Text>,
    url: Option<Text>,
}

/// Reads a thin event: a question, where it is about something that is read.
pub(super) fn read(body: &[u8], mode: Mode, received_at: DateTime<Utc>) -> Result<Reading, BadField> {
    let envelope: Envelope = json::parse(body)?;
    let id = required(filled(envelope.id.as_ref()), "id")?;
    let thin_type = required(filled(envelope.event_type.as_ref()), "type")?;
    let created = envelope.created.map_or(received_at, |UnixTime(created)| created);
    let context = filled(envelope.context.as_ref()).filter(|context| context.starts_with("acct_"));
    let account = filled(envelope.account.as_ref()).or(context).map(str::to_owned);
    let outcome = if let Some(reason) = why_ignored(&envelope, thin_type, mode) {
        Outcome::Ignored { reason }
    } else {
        let related = envelope.related_object.as_ref();
        let text = |text: Option<&Text>| filled(text).map(str::to_owned);
        let thin = ThinEvent {
            id: id.to_owned(),
            event_type: snapshot_type(thin_type).to_owned(),
            snapshot: text(envelope.snapshot_event.as_ref()),
            object: text(related.and_then(|related| related.id.as_ref())),
            path: text(related.and_then(|related| related.url.as_ref())),
            account: account.clone(),
            at: created,
        };
        Outcome::Facts { facts: Vec::new(), missing: vec![Missing::Event(thin)] }
    };
    let (event_id, event_type) = (format!("{INBOX}{id}"), thin_type.to_owned());
    Ok(Reading { event_id, event_type, api_version: None, account, created, outcome })
}

fn why_ignored(envelope: &Envelope, thin_type: &str, mode: Mode) -> Option<String> {
    if !thin_type.starts_with(V1) {
        return Some(format!("events of type {thin_type} say nothing about who referred or paid"));
    }
    if let Treatment::Ignore(reason) = read::treatment(snapshot_type(thin_type)) {
        return Some(reason);
    }
    let theirs = Mode::from_livemode(envelope.livemode?);
    (theirs != mode).then(|| {
        format!("a {theirs} mode event (livemode {}), proven by a {mode} mode secret", theirs.is_live())
    })
}

fn snapshot_type(thin_type: &str) -> &str {
    thin_type.strip_prefix(V1).unwrap_or(thin_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event;
    use crate::metadata::MetadataKeys;

    const THIN: &str = r#"{"id": "evt_65S", "object": "v2.core.event", "type": "v1.invoice.paid",
        "created": "2026-10-02T12:00:00.000Z", "livemode": false, "snapshot_event": "evt_1S", "context": null,
        "related_object": {"id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1"}}"#;

    fn read(body: &str, mode: Mode) -> Reading {
        event::read(body.as_bytes(), mode, &MetadataKeys::default(), DateTime::UNIX_EPOCH).unwrap()
    }

    fn reason(body: &str, mode: Mode) -> String {
        match read(body, mode).outcome {
            Outcome::Ignored { reason } => reason,
            Outcome::Facts { .. } | Outcome::Code(_) => String::new(),
        }
    }

    #[test]
    fn a_thin_event_is_a_question_with_a_row_of_its_own() {
        let reading = read(THIN, Mode::Test);
        assert_eq!(
            (reading.event_id.as_str(), reading.event_type.as_str()),
            ("thin:evt_65S", "v1.invoice.paid")
        );
        let Outcome::Facts { facts, missing } = reading.outcome else { panic!("it is read") };
        let [Missing::Event(thin)] = &missing[..] else { panic!("one question") };
        assert!(facts.is_empty());
        assert_eq!(thin.event_type, "invoice.paid");
        assert_eq!(thin.path.as_deref(), Some("/v1/invoices/in_1"));
        assert_eq!(missing[0].answers(), ["fetch:thin:evt_65S", "evt_1S"]);
    }

    #[test]
    fn what_is_not_read_in_full_is_not_asked_for_either() {
        let other = |name: &str| reason(&THIN.replace("v1.invoice.paid", name), Mode::Test);
        assert!(other("v1.invoice.created").contains("invoice.created say nothing"));
        assert!(other("v2.core.account.updated").contains("v2.core.account.updated say nothing"));
        assert!(reason(THIN, Mode::Live).contains("a test mode event"));
    }

    #[test]
    fn its_object_becomes_the_event_that_it_is_about() {
        let Outcome::Facts { missing, .. } = read(THIN, Mode::Test).outcome else { panic!("it is read") };
        let Some(Missing::Event(thin)) = missing.first() else { panic!("one question") };
        let object = r#"{"id": "in_1", "livemode": true, "currency": "usd", "amount_paid": 0, "amount_due": 0, "total": 0,
                         "total_excluding_tax": 0}"#;
        let body = String::from_utf8(thin.with_object(object).unwrap()).unwrap();
        assert_eq!(read(&body, Mode::Live).event_id, "fetch:thin:evt_65S");
        assert!(
            reason(&body, Mode::Test).contains("a live mode event"),
            "the object says which mode it is of"
        );
        assert_eq!(thin.with_object("[]"), None);
    }
}
