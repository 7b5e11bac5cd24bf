//! An object of Stripe's in the envelope of the event that tells it: what was asked for is then read as what was sent, and
//! there is one way into the ledger.

use super::json::{self, well_formed};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The envelope.
#[derive(Clone, Copy, Debug)]
pub struct Wrapped<'a> {
    /// The inbox id.
    pub id: &'a str,
    /// `invoice.paid` and so on.
    pub event_type: &'a str,
    /// The time of what it tells.
    pub created: DateTime<Utc>,
    /// The connected account, when it is not the project's own.
    pub account: Option<&'a str>,
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    object: &'static str,
    #[serde(rename = "type")]
    event_type: &'a str,
    created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    livemode: Option<bool>,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    object: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct About {
    livemode: Option<bool>,
}

/// The event's body. It is of the mode that the object says. None when that is no JSON object.
#[must_use]
pub fn event(about: &Wrapped<'_>, object: &str) -> Option<Vec<u8>> {
    let object = well_formed(object.as_bytes());
    let About { livemode } = json::parse(&object).ok()?;
    let data = Data { object: serde_json::from_slice(&object).ok()? };
    let Wrapped { id, event_type, created, account } = *about;
    let event =
        Body { id, object: "event", event_type, created: created.timestamp(), account, livemode, data };
    serde_json::to_vec(&event).ok()
}
