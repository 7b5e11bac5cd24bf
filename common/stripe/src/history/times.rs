//! When an object says that it happened.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A time in Unix seconds.
pub(super) fn at(seconds: Option<&Value>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds?.as_i64()?, 0)
}

/// When an expanded object was made.
pub(super) fn when(object: Option<&Value>) -> Option<DateTime<Utc>> {
    at(object?.get("created"))
}

/// When an invoice, or a payment of one, was paid.
pub(super) fn paid_at(object: &Map<String, Value>) -> Option<DateTime<Utc>> {
    at(object.get("status_transitions")?.get("paid_at"))
}
