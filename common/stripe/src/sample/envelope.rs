//! The event around an object.

use super::Sample;
use super::id::id_of;
use serde_json::{Map, Value, json};

impl Sample {
    /// An event of this type about this object, pretty-printed as Stripe sends it.
    pub(super) fn event(&self, event_type: &str, object: Value) -> String {
        self.event_with(event_type, object, None)
    }

    /// The same with `previous_attributes`, as an update has them.
    pub(super) fn event_with(&self, event_type: &str, object: Value, previous: Option<Value>) -> String {
        let about = object.get("id").and_then(Value::as_str).unwrap_or_default();
        let moment = format!("{}#{}", self.at.timestamp(), self.revision);
        let id = id_of("evt_1", &[event_type, about, &moment, self.version.as_str()], 23);
        let request =
            json!({"id": id_of("req_", &[&id], 14), "idempotency_key": id_of("", &[&id, "key"], 32)});
        let mut event = json!({
            "id": id,
            "object": "event",
            "api_version": self.version.as_str(),
            "created": self.at.timestamp(),
            "livemode": self.mode.is_live(),
            "pending_webhooks": 1,
            "request": request,
            "type": event_type,
        });
        let mut data = Map::from_iter([("object".to_owned(), object)]);
        if let Some(previous) = previous {
            data.insert("previous_attributes".to_owned(), previous);
        }
        event["data"] = Value::Object(data);
        if let Some(account) = &self.account {
            event["account"] = json!(account);
        }
        format!("{event:#}")
    }
}

/// Metadata as an object has it.
pub(super) fn metadata(entries: &[(String, String)]) -> Value {
    Value::Object(entries.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<Map<_, _>>())
}

/// Adds fields to an object.
pub(super) fn add(object: &mut Value, fields: Value) {
    if let (Value::Object(object), Value::Object(fields)) = (object, fields) {
        object.extend(fields);
    }
}

/// The address that every sample customer lives at.
pub(super) fn address() -> Value {
    json!({
        "city": "Berlin", "country": "DE", "line1": "Torstraße 1", "line2": null,
        "postal_code": "10119", "state": null,
    })
}
