//! The committed document and the page.

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
fn every_operation_has_a_summary_and_tells_of_errors() {
    let document: serde_json::Value = serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('4')), "{method} {path}");
        }
    }
    assert!(paths.len() >= 10, "{} paths", paths.len());
}
