//! The committed document and the page.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use serde_json::Value;

const COMMITTED: &str = include_str!("../../docs/openapi.json");

/// `docs/openapi.json` is for whoever reads it without a running service. To write it anew:
/// `UPDATE_OPENAPI=1 ./dev test -p api --test openapi`.
#[test]
fn the_committed_document_is_that_of_the_code() {
    let mut document = api::openapi().to_pretty_json().unwrap();
    document.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json"), &document).unwrap();
        return;
    }
    assert!(document == COMMITTED, "docs/openapi.json is out of step: see this test's comment");
}

#[test]
fn every_operation_has_a_summary_and_tells_of_each_status() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            // A range would hide what really comes.
            assert!(
                answers.keys().all(|status| status.parse::<u16>().is_ok()),
                "{method} {path}: {answers:?}"
            );
            let is_guarded = path.starts_with("/api/v1") && operation["security"].as_array().is_none();
            let always =
                if is_guarded { ["400", "401", "429", "500", "503"].as_slice() } else { &["500", "503"] };
            assert!(
                always.iter().all(|status| answers.contains_key(*status)),
                "{method} {path}: {answers:?}"
            );
        }
    }
    assert!(paths.len() >= 10, "{} paths", paths.len());
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    gather(&document, &mut references);
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    assert!(references.len() > 50, "{}", references.len());
}

fn document() -> Value {
    serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap()
}

fn gather(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| gather(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
