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
            let takes_something =
                operation.get("parameters").is_some() || operation.get("requestBody").is_some();
            let always: &[&str] = match (is_guarded, takes_something) {
                (true, true) => &["400", "401", "429", "500", "503"],
                (true, false) => &["401", "429", "500", "503"],
                (false, _) => &["500", "503"],
            };
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

#[test]
fn the_page_tells_every_operation_field_and_word_and_every_link_leads_somewhere() {
    let document = document();
    let page = webconsole::reference::page(&document, "/api/v1/openapi.json");
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let places: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(places.len(), ids.len(), "two places of one name");
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(places.contains(link), "nothing is at #{link}");
    }
    let mut told = 0;
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            let (_, article) = page.split_once(&format!("<article id=\"{id}\">")).unwrap();
            let (article, _) = article.split_once("</article>").unwrap();
            assert!(article.contains("curl -X"), "{id}");
            for status in operation["responses"].as_object().unwrap().keys() {
                assert!(article.contains(&format!("<code>{status}</code>")), "{id} {status}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(
                    article.contains(&format!("<code>{}</code>", parameter["name"].as_str().unwrap())),
                    "{id}"
                );
            }
            told += 1;
        }
    }
    assert!(told > 60, "{told}");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let (_, article) = page.split_once(&format!("<article id=\"schema-{name}\">")).unwrap();
        let (article, _) = article.split_once("</article>").unwrap();
        for field in schema["properties"].as_object().into_iter().flatten().map(|(field, _)| field) {
            assert!(article.contains(&format!("<code>{field}</code>")), "{name} {field}");
        }
        for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let marked = format!("<code>{field}</code> <span class=\"required\">");
            assert!(article.contains(&marked), "{name} {field} has no mark");
        }
        for word in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(article.contains(&format!("<code>{word}</code>")), "{name} {word}");
        }
    }
    // Nothing runs, and nothing comes from elsewhere.
    for word in ["<script", " style=", "<style", " onclick=", "javascript:", "src="] {
        assert!(!page.contains(word), "{word}");
    }
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
