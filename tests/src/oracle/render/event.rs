//! The event around an object.

use super::Told;
use crate::oracle::model::{History, Time};
use queue::envelope::Source;
use serde_json::{Value, json};
use stripe::sample::Version;

/// Adds an event of a type about an object.
pub(super) fn add(
    history: &History,
    told: &mut Vec<Told>,
    version: Version,
    (event_type, at): (&str, Time),
    object: Value,
) {
    let about = object.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut event = json!({
        "id": format!("evt_{at}_{event_type}_{about}"),
        "object": "event",
        "api_version": version.as_str(),
        "created": at,
        "livemode": false,
        "type": event_type,
    });
    event["data"] = Value::Object(serde_json::Map::from_iter([("object".to_owned(), object)]));
    told.push(Told { source: Source::Stripe, body: event.to_string(), received: history.receipt(at) });
}

/// Metadata with a code and a wish.
pub(super) fn metadata(code: Option<&str>, no_commission: bool) -> Value {
    let mut metadata = serde_json::Map::from_iter([("plan".to_owned(), json!("team"))]);
    if let Some(code) = code {
        metadata.insert("referral_code".to_owned(), json!(code));
    }
    if no_commission {
        metadata.insert("commission".to_owned(), json!("false"));
    }
    Value::Object(metadata)
}

/// Adds fields to an object.
pub(super) fn with(mut object: Value, fields: Value) -> Value {
    if let (Value::Object(object), Value::Object(fields)) = (&mut object, fields) {
        object.extend(fields);
    }
    object
}
