//! The event around an object.

use super::Told;
use crate::oracle::model::{Customer, History, Time};
use queue::envelope::Source;
use serde_json::{Value, json};
use stripe::sample::Version;

/// Adds an event of a type about an object.
pub(super) fn add(
    history: &History,
    told: &mut Vec<Told>,
    version: Version,
    what: (&str, Time),
    object: Value,
) {
    add_change(history, told, version, what, object, Value::Null);
}

/// Adds an event of a type about an object, with what it changed as it was before.
pub(super) fn add_change(
    history: &History,
    told: &mut Vec<Told>,
    version: Version,
    (event_type, at): (&str, Time),
    object: Value,
    before: Value,
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
    let data = [("object".to_owned(), object), ("previous_attributes".to_owned(), before)];
    event["data"] = Value::Object(data.into_iter().collect());
    told.push(Told { source: Source::Stripe, body: event.to_string(), received: history.receipt(at) });
}

/// Who the customer of an object is: by `customer`, or by `customer_account`.
pub(super) fn customer(customer: Option<&Customer>) -> Value {
    let named = |account: bool| customer.filter(|one| one.is_account == account).map(|one| one.id.as_str());
    json!({"customer": named(false), "customer_account": named(true)})
}

/// The metadata before an update that changed whether it forbids commission, if it did.
pub(super) fn before(forbade: bool, forbids: bool) -> Value {
    match (forbade, forbids) {
        (true, false) => json!({"metadata": {"commission": "false"}}),
        (false, true) => json!({"metadata": {"commission": null}}),
        (true, true) | (false, false) => json!({}),
    }
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
