//! A call as a command: with the fields that have to be sent, as the document's own examples have them.

use super::{Operation, Told, schema};
use serde_json::{Map, Value, json};

/// Schemas that hold one another are followed so far.
const DEEP: usize = 6;

pub(super) fn of(told: &Told<'_>, operation: &Operation<'_>) -> String {
    let mut lines = vec![format!("curl -X {} '{}'", operation.method.to_uppercase(), url(told, operation))];
    // A route that says nothing of keys needs one: the document says so for all of them.
    if operation.described.get("security").is_none() {
        lines.push("-H 'Authorization: Bearer rgk_…'".to_owned());
    }
    if let Some(body) = body(told, operation) {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d '{}'", body.to_string().replace('\'', r"'\''")));
    }
    lines.join(" \\\n  ")
}

/// With an example in the place of each part of the path, and the parameters of the query that have to be there.
fn url(told: &Told<'_>, operation: &Operation<'_>) -> String {
    let mut path = operation.path.to_owned();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = schema::example_of(parameter)
            .cloned()
            .unwrap_or_else(|| named_so(name).unwrap_or_else(|| example(told, &parameter["schema"], DEEP)));
        let value = schema::plain(&value);
        match parameter["in"].as_str() {
            Some("path") => {
                let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                path = path.replace(&format!("{{{name}}}"), &encoded);
            }
            Some("query") if parameter["required"] == true => {
                query.append_pair(name, &value);
            }
            _ => {}
        }
    }
    let query = query.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{path}{mark}{query}", told.server())
}

/// Parts of a path whose schema says no more than that they are texts or numbers.
fn named_so(name: &str) -> Option<Value> {
    Some(match name {
        "email" => json!("ann@example.com"),
        "code" => json!("PARTNER1"),
        "payment_key" => json!("in_1NqX3F2eZvKYlo2C"),
        "stripeCustomerId" => json!("cus_NffrFeUfNV2Hib"),
        name if name.to_lowercase().ends_with("id") => json!(1),
        _ => return None,
    })
}

fn body(told: &Told<'_>, operation: &Operation<'_>) -> Option<Value> {
    let content = &operation.described["requestBody"]["content"]["application/json"];
    let schema = content.get("schema")?;
    Some(example(told, schema, DEEP))
}

/// What a schema says that a value looks like. Of an object the fields that have to be there; of one that may be left out altogether, those
/// with an example.
fn example(told: &Told<'_>, schema: &Value, deep: usize) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return match told.document.pointer(reference.trim_start_matches('#')) {
            Some(target) if deep > 0 => example(told, target, deep.saturating_sub(1)),
            _ => Value::Null,
        };
    }
    if let Some(own) = schema::example_of(schema) {
        return own.clone();
    }
    let several = ["oneOf", "anyOf"].into_iter().find_map(|name| schema[name].as_array());
    if let Some(one) = several.and_then(|several| several.iter().find(|one| one["type"] != "null")) {
        return example(told, one, deep);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => object(told, schema, deep),
        Some("array") => json!([example(told, &schema["items"], deep)]),
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("number") => json!(1),
        Some("boolean") => json!(true),
        _ => match schema["format"].as_str() {
            Some("date") => json!("2026-06-30"),
            Some("date-time") => json!("2026-01-31T12:00:00Z"),
            _ => json!("…"),
        },
    }
}

fn object(told: &Told<'_>, schema: &Value, deep: usize) -> Value {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(properties) = schema["properties"].as_object() else { return json!({}) };
    let chosen: Map<String, Value> = properties
        .iter()
        .filter(|(name, property)| {
            if required.is_empty() {
                schema::example_of(property).is_some()
            } else {
                required.contains(&name.as_str())
            }
        })
        .map(|(name, property)| (name.clone(), example(told, property, deep)))
        .collect();
    chosen.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_sends_what_has_to_be_sent() {
        let document = json!({
            "servers": [{"url": "http://127.0.0.1:8080"}],
            "components": {"schemas": {
                "PostThing": {"type": "object", "required": ["email"], "properties": {
                    "email": {"$ref": "#/components/schemas/Email"}, "note": {"type": "string"}}},
                "Email": {"type": "string", "examples": ["o'hara@example.com"]},
            }},
        });
        let described = json!({
            "parameters": [{"name": "email", "in": "path", "required": true, "schema": {"type": "string"}}],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/PostThing"}}}},
        });
        let told = Told { document: &document };
        let operation = Operation { method: "post", path: "/api/v1/things/{email}", described: &described };
        assert_eq!(
            of(&told, &operation),
            "curl -X POST 'http://127.0.0.1:8080/api/v1/things/ann%40example.com' \\\n  \
             -H 'Authorization: Bearer rgk_…' \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{\"email\":\"o'\\''hara@example.com\"}'"
        );
    }
}
