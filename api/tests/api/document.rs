//! The operations of the OpenAPI document, for what holds for all of them: a new route is not forgotten.

use reqwest::Method;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// One method of one path.
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    described: Value,
}

/// All of them.
pub(crate) fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            operations.push(Operation { method, path: path.clone(), described: described.clone() });
        }
    }
    assert!(operations.len() >= 20, "{}", operations.len());
    operations
}

fn document() -> Value {
    serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap()
}

impl Operation {
    pub(crate) fn name(&self) -> &str {
        self.described["operationId"].as_str().unwrap()
    }

    /// Whether it takes an API key.
    pub(crate) fn needs_key(&self) -> bool {
        self.described.get("security").is_none()
    }

    pub(crate) fn statuses(&self) -> Vec<u16> {
        let responses = self.described["responses"].as_object().unwrap();
        responses.keys().map(|status| status.parse().unwrap()).collect()
    }

    /// The names of its query's parameters.
    pub(crate) fn query(&self) -> BTreeSet<String> {
        let parameters = self.described["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
        query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Its path with something in place of each parameter.
    pub(crate) fn path_with(&self, fill: impl Fn(&str) -> String) -> String {
        let segments = self.path.split('/').map(|segment| {
            let name = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
            name.map_or_else(|| segment.to_owned(), &fill)
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Whether a success may be of this type.
    pub(crate) fn answers(&self, content_type: &str) -> bool {
        self.described["responses"]["200"]["content"].get(content_type).is_some()
    }

    /// Whether it takes a body at all.
    pub(crate) fn takes_body(&self) -> bool {
        self.described.get("requestBody").is_some()
    }

    /// Whether the body may be left out.
    pub(crate) fn body_is_optional(&self) -> bool {
        self.described["requestBody"]["required"] != true
    }

    /// The fields of its JSON body; none when it takes none.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let schema = &self.described["requestBody"]["content"]["application/json"]["schema"];
        let document = document();
        // A body that may be left out is one of null and the real schema.
        let real = schema["oneOf"].as_array().and_then(|of| of.iter().find(|one| one["type"] != "null"));
        let resolved = resolve(&document, real.unwrap_or(schema));
        let fields = resolved["properties"].as_object().cloned().unwrap_or_default();
        fields.into_iter().map(|(name, schema)| Field::new(&document, name, &schema)).collect()
    }
}

/// A field of a body.
pub(crate) struct Field {
    pub(crate) name: String,
    /// The schema that it refers to, such as `Email`; blank when it has none of its own.
    pub(crate) schema: String,
    /// JSON's types that it may have.
    pub(crate) types: BTreeSet<String>,
    /// The longest text.
    pub(crate) max_length: Option<usize>,
}

impl Field {
    fn new(document: &Value, name: String, schema: &Value) -> Self {
        // What is optional is one of null and the real schema.
        let real = schema["oneOf"].as_array().and_then(|of| of.iter().find(|one| one["type"] != "null"));
        let schema = real.unwrap_or(schema);
        let resolved = resolve(document, schema);
        let types = match &resolved["type"] {
            Value::Array(types) => types.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
            one => BTreeSet::from([one.as_str().unwrap().to_owned()]),
        };
        let max_length = [schema, resolved].into_iter().find_map(|schema| schema["maxLength"].as_u64());
        let reference = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        Self {
            name,
            schema: reference.unwrap_or_default().to_owned(),
            types,
            max_length: max_length.map(|length| usize::try_from(length).unwrap()),
        }
    }

    /// Whether it may have a type of JSON.
    pub(crate) fn may_be(&self, json_type: &str) -> bool {
        self.types.contains(json_type)
    }
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

/// A body that every POST takes: each passes over the fields that it does not know.
pub(crate) fn anything() -> Map<String, Value> {
    let body = serde_json::json!({
        "email": "anybody@example.com", "referral_code": "ANY", "coupon_code": "ANY-10", "affiliate_id": 1, "amount": 1,
        "name": "any", "reason": "any", "reference": "any", "affiliate": null, "rules": {"commission": "20%"},
    });
    body.as_object().unwrap().clone()
}
