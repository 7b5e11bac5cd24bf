//! The document as it is served: what the code says of its routes, made fit for generators of clients.
//!
//! The derived document repeats a schema wherever it is used in a generic one, and cannot say what never
//! changes or is always there. Here each schema is named once and referred to, answers have names, and
//! what an answer always holds is required.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::OpenApi;

/// The OpenAPI document.
pub struct Document(Value);

/// Properties of answers that may be absent; all others are always there, if only as null.
const OPTIONAL: [&str; 17] = [
    "warnings",
    "details",
    "closed_at",
    // Of rules in writing, all but the commission.
    "first_commission",
    "recurring",
    "max_payments",
    "max_months",
    "max_commission",
    "hold_days",
    "window_days",
    "back_bind_days",
    "self_referral",
    "coupon_first",
    "codes",
    "products",
    "groups",
    "tiers",
];

/// Properties that may be absent in one schema, and are always there in others.
const OPTIONAL_OF: [(&str, &str); 4] = [
    ("WebhookEndpoint", "secret"),
    ("Notification", "delta"),
    ("Notification", "currency"),
    ("Referrer", "payout_preferences"),
];

const SCHEMAS: &str = "#/components/schemas/";

impl Document {
    /// Of what the routes say.
    pub(crate) fn of(described: &OpenApi) -> Self {
        let mut document = serde_json::to_value(described).unwrap_or_default();
        let mut schemas = match document.pointer_mut("/components/schemas").map(Value::take) {
            Some(Value::Object(schemas)) => schemas,
            _ => Map::new(),
        };
        refer(&mut document, &mut schemas);
        let mut schemas: Map<String, Value> =
            schemas.into_iter().map(|(name, schema)| (spoken(&name), schema)).collect();
        rename_references(&mut document);
        schemas.values_mut().for_each(rename_references);
        for (name, schema) in &mut schemas {
            // What is sent may leave out what it likes.
            if !name.starts_with("Post") && !name.starts_with("Put") {
                require_all(name, schema);
            }
            let success = if name == "ErrorBody" { json!(false) } else { json!(true) };
            if let Some(property) = schema.pointer_mut("/properties/success") {
                *property = json!({"type": "boolean", "const": success});
            }
        }
        if let Some(place) = document.pointer_mut("/components/schemas") {
            *place = Value::Object(schemas);
        }
        Self(document)
    }

    /// The document as it is.
    pub(crate) fn as_value(&self) -> &Value {
        &self.0
    }

    /// The document as JSON.
    ///
    /// # Errors
    /// Never: it is made of texts and numbers.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0)
    }

    /// The same, for people.
    ///
    /// # Errors
    /// Never: it is made of texts and numbers.
    pub fn to_pretty_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&self.0)
    }
}

/// Puts a reference wherever a named schema is repeated.
fn refer(document: &mut Value, schemas: &mut Map<String, Value>) {
    let names: BTreeMap<String, String> =
        schemas.iter().map(|(name, schema)| (schema.to_string(), name.clone())).collect();
    for schema in schemas.values_mut() {
        children(schema, &mut |child| replace(child, &names));
    }
    replace(document, &names);
}

/// The outermost first: what is inside of a named schema is the business of that one.
fn replace(value: &mut Value, names: &BTreeMap<String, String>) {
    if let Value::Object(object) = value {
        let is_schema =
            object.contains_key("type") || object.contains_key("allOf") || object.contains_key("oneOf");
        let name = if is_schema { names.get(&Value::Object(object.clone()).to_string()) } else { None };
        if let Some(name) = name {
            *value = json!({"$ref": format!("{SCHEMAS}{name}")});
            return;
        }
    }
    children(value, &mut |child| replace(child, names));
}

fn children(value: &mut Value, each: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Object(object) => object.values_mut().for_each(each),
        Value::Array(values) => values.iter_mut().for_each(each),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `Data_Affiliate` is an `AffiliateAnswer`, `List_Affiliate` an `AffiliateList`.
fn spoken(name: &str) -> String {
    let parts = [("Data_", "Answer"), ("DataPage_", "Page"), ("List_", "List")];
    let found =
        parts.iter().find_map(|(prefix, suffix)| Some(format!("{}{suffix}", name.strip_prefix(prefix)?)));
    found.unwrap_or_else(|| name.to_owned())
}

fn rename_references(value: &mut Value) {
    if let Some(Value::String(reference)) = value.get_mut("$ref")
        && let Some(name) = reference.strip_prefix(SCHEMAS)
    {
        *reference = format!("{SCHEMAS}{}", spoken(name));
    }
    children(value, &mut rename_references);
}

/// Says that an answer holds all of its properties.
fn require_all(name: &str, schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    if let Some(Value::Object(properties)) = object.get("properties") {
        let is_optional =
            |property: &str| OPTIONAL.contains(&property) || OPTIONAL_OF.contains(&(name, property));
        let required = properties.keys().filter(|property| !is_optional(property.as_str()));
        object.insert("required".to_owned(), required.cloned().collect());
    }
    children(schema, &mut |child| require_all("", child));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        serde_json::from_str(&crate::openapi().to_json().unwrap()).unwrap()
    }

    fn walk(value: &Value, path: &str, see: &mut impl FnMut(&str, &Value)) {
        see(path, value);
        match value {
            Value::Object(object) => {
                object.iter().for_each(|(name, child)| walk(child, &format!("{path}/{name}"), see));
            }
            Value::Array(values) => {
                values.iter().enumerate().for_each(|(n, child)| walk(child, &format!("{path}/{n}"), see));
            }
            _ => {}
        }
    }

    #[test]
    fn every_schema_is_told_once_and_used() {
        let document = document();
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for (name, schema) in schemas {
            assert!(text.contains(&format!("\"{SCHEMAS}{name}\"")), "{name} is not used");
            assert!(!name.contains('_'), "{name} is no name");
            if schema.get("properties").is_some() {
                assert_eq!(text.matches(&schema.to_string()).count(), 1, "{name} is repeated");
            }
        }
    }

    #[test]
    fn answers_have_no_schema_without_a_name() {
        for (path, item) in document()["paths"].as_object().unwrap() {
            walk(item, path, &mut |place, value| {
                if place.contains("/responses/") && place.contains("/content/") && place.ends_with("/schema")
                {
                    assert!(value.get("$ref").is_some(), "{place}: {value}");
                }
            });
        }
    }

    #[test]
    fn what_an_answer_always_holds_is_required() {
        let document = document();
        let required = |name: &str| -> Vec<String> {
            let required = document["components"]["schemas"][name]["required"].as_array().unwrap();
            required.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(required("ConversionAnswer"), ["data", "success"]);
        assert_eq!(required("ConversionList"), ["data", "pagination", "success"]);
        assert!(required("Conversion").contains(&"affiliate_id".to_owned()));
        assert_eq!(required("PostAffiliate"), ["email"]);
        let success = |name: &str| document["components"]["schemas"][name]["properties"]["success"].clone();
        assert_eq!(success("ConversionAnswer")["const"], true);
        assert_eq!(success("ErrorBody")["const"], false);
    }

    #[test]
    fn words_are_enumerated() {
        let document = document();
        let words = |name: &str| document["components"]["schemas"][name]["enum"].as_array().unwrap().len();
        assert_eq!(words("ConversionSourceWord"), 2);
        assert_eq!(words("AttributionMethod"), 7);
        assert_eq!(words("RuleKindWord"), 7);
        assert_eq!(words("ErrorCode"), crate::error::CODES.len());
    }
}
