//! Envelopes as AMQP messages: each header of the envelope is a header of the message, under the
//! same name as in JSON, so that one golden file vouches for both.

use crate::envelope::{Headers, Source};
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use serde_json::{Map, Number, Value};

/// Delivery mode 2: the message survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// RabbitMQ's count of deliveries that ended without an answer; absent on the first.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// The properties of a message with these headers.
pub(super) fn properties(headers: &Headers) -> BasicProperties {
    let mut table = FieldTable::default();
    // Serialising our own headers can't fail, and gives an object.
    if let Ok(Value::Object(fields)) = serde_json::to_value(headers) {
        for (name, value) in fields {
            table.insert(name.into(), to_amqp(value));
        }
    }
    let timestamp = u64::try_from(headers.received_at.timestamp()).unwrap_or(0);
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_message_id(headers.message_id.to_string().into())
        .with_type(name_of(headers.source).into())
        .with_timestamp(timestamp)
        .with_headers(table)
}

/// The headers of a message as JSON; a name that isn't ours is kept too, for dead letters.
pub(super) fn headers_json(properties: &BasicProperties) -> Value {
    let table = properties.headers().as_ref();
    table.map_or_else(|| Value::Object(Map::new()), table_json)
}

/// How often the message was delivered before without an answer.
pub(super) fn delivery_count(properties: &BasicProperties) -> u32 {
    let count = properties.headers().as_ref().and_then(|table| table.inner().get(DELIVERY_COUNT));
    count.and_then(integer).and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

/// What RabbitMQ says of a message that it gave up, from its `x-death` header.
pub(super) fn cause_of_death(headers: &Value) -> String {
    let death = headers.get("x-death").and_then(|deaths| deaths.get(0));
    let field = |name| death.and_then(|death| death.get(name)).and_then(Value::as_str);
    match (field("reason"), field("queue")) {
        (Some("delivery_limit"), Some(queue)) => format!(
            "RabbitMQ delivered it from {queue} until the limit, and no worker ever answered: it may crash them"
        ),
        (reason, queue) => format!(
            "RabbitMQ gave it up ({}, queue {})",
            reason.unwrap_or("no reason told"),
            queue.unwrap_or("unknown")
        ),
    }
}

fn name_of(source: Source) -> &'static str {
    match source {
        Source::Stripe => "stripe",
        Source::Api => "api",
        Source::Fetch => "fetch",
        Source::Fetched => "fetched",
        Source::Resettle => "resettle",
        Source::Backfill => "backfill",
        Source::Promotion => "promotion",
    }
}

fn to_amqp(value: Value) -> AMQPValue {
    match value {
        Value::Null => AMQPValue::Void,
        Value::Bool(flag) => AMQPValue::Boolean(flag),
        Value::String(text) => AMQPValue::LongString(text.into()),
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| AMQPValue::LongString(number.to_string().into()), AMQPValue::LongLongInt),
        // No header of ours is nested.
        Value::Array(_) | Value::Object(_) => AMQPValue::LongString(value.to_string().into()),
    }
}

fn to_json(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::Boolean(flag) => Value::Bool(*flag),
        AMQPValue::ShortString(text) => storable(text.as_str().as_bytes()),
        AMQPValue::LongString(text) => storable(text.as_bytes()),
        AMQPValue::ByteArray(bytes) => storable(bytes.as_slice()),
        AMQPValue::FieldArray(values) => values.as_slice().iter().map(to_json).collect(),
        AMQPValue::FieldTable(table) => table_json(table),
        AMQPValue::Float(number) => Number::from_f64(f64::from(*number)).map_or(Value::Null, Value::Number),
        AMQPValue::Double(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        AMQPValue::DecimalValue(_) | AMQPValue::Void => Value::Null,
        number => integer(number).map_or(Value::Null, Value::from),
    }
}

fn table_json(table: &FieldTable) -> Value {
    let fields =
        table.into_iter().map(|(name, value)| (name.as_str().replace('\0', "\u{fffd}"), to_json(value)));
    Value::Object(fields.collect())
}

fn integer(value: &AMQPValue) -> Option<i64> {
    Some(match value {
        AMQPValue::ShortShortInt(n) => i64::from(*n),
        AMQPValue::ShortShortUInt(n) => i64::from(*n),
        AMQPValue::ShortInt(n) => i64::from(*n),
        AMQPValue::ShortUInt(n) => i64::from(*n),
        AMQPValue::LongInt(n) => i64::from(*n),
        AMQPValue::LongUInt(n) => i64::from(*n),
        AMQPValue::LongLongInt(n) => *n,
        AMQPValue::Timestamp(n) => i64::try_from(*n).ok()?,
        _ => return None,
    })
}

/// Text as PostgreSQL's JSONB can store it: without NUL.
fn storable(bytes: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn headers_travel_unchanged() -> Result<(), Box<dyn std::error::Error>> {
        let golden: Value = serde_json::from_str(include_str!("../../tests/data/envelope/v1.json"))?;
        let headers = Headers::from_json(golden.clone())?;
        let properties = properties(&headers);
        assert_eq!(headers_json(&properties), golden);
        assert_eq!(Headers::from_json(headers_json(&properties))?, headers);
        assert_eq!(*properties.delivery_mode(), Some(PERSISTENT));
        Ok(())
    }

    #[test]
    fn foreign_headers_become_storable_json() {
        let mut table = FieldTable::default();
        table.insert("text".into(), AMQPValue::LongString("a\0b".into()));
        table.insert("double".into(), AMQPValue::Double(f64::NAN));
        table.insert("count".into(), AMQPValue::LongLongInt(3));
        table.insert("list".into(), AMQPValue::FieldArray(vec![AMQPValue::Boolean(true)].into()));
        let properties = BasicProperties::default().with_headers(table);
        assert_eq!(
            headers_json(&properties),
            json!({"text": "a\u{fffd}b", "double": null, "count": 3, "list": [true]})
        );
        assert_eq!(headers_json(&BasicProperties::default()), json!({}));
    }
}
