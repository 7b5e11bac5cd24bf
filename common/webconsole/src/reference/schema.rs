//! Schemas: what a value may be, in words, and the fields of an object in a table.

use super::{required_mark, text};
use maud::{Markup, html};
use serde_json::Value;

const SCHEMAS: &str = "#/components/schemas/";

/// A schema that has a name.
pub(super) fn article(name: &str, schema: &Value) -> Markup {
    html! {
        article id={ "schema-" (name) } {
            h3 { a href={ "#schema-" (name) } { (name) } }
            (text::paragraphs(schema["description"].as_str().unwrap_or_default()))
            @if has_fields(schema) { (fields(name, schema)) } @else { p { (kind(schema)) } }
        }
    }
}

fn has_fields(schema: &Value) -> bool {
    schema["properties"].is_object() || schema["allOf"].is_array()
}

/// The fields of an object, those of what it is composed of included.
pub(super) fn fields(of: &str, schema: &Value) -> Markup {
    let composed: Vec<&Value> =
        schema["allOf"].as_array().map(|parts| parts.iter().collect()).unwrap_or_default();
    html! {
        @for part in &composed {
            @match named(part) {
                Some(name) => p { "All fields of " (reference(name)) ", and:" },
                None => (table(of, part)),
            }
        }
        @if schema["properties"].is_object() { (table(of, schema)) }
    }
}

fn table(of: &str, schema: &Value) -> Markup {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Fields of " (of) } { table {
            thead { tr { th scope="col" { "Field" } th scope="col" { "Value" } th scope="col" { "About" } } }
            tbody { @for (name, property) in properties { tr {
                td { code { (name) } @if required.contains(&name.as_str()) { " " (required_mark()) } }
                td { (kind(property)) }
                td { (about(property)) }
            } } }
        } }
    }
}

/// What is said of a value, with an example.
pub(super) fn about(schema: &Value) -> Markup {
    let example = example_of(schema);
    html! {
        (text::line(schema["description"].as_str().unwrap_or_default()))
        @if let Some(example) = example { " " span.quiet { "e.g. " code { (plain(example)) } } }
    }
}

/// An example that a schema gives itself.
pub(super) fn example_of(schema: &Value) -> Option<&Value> {
    schema.get("example").or_else(|| schema.get("examples").and_then(|all| all.get(0)))
}

/// A value as people write it: texts without their quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a value may be.
pub(super) fn kind(schema: &Value) -> Markup {
    if let Some(name) = named(schema) {
        return reference(name);
    }
    if let Some(words) = schema["enum"].as_array() {
        return html! { @for (place, word) in words.iter().enumerate() { @if place > 0 { " · " } code { (plain(word)) } } };
    }
    if let Some(value) = schema.get("const") {
        return html! { code { (plain(value)) } };
    }
    let several = ["oneOf", "anyOf"].into_iter().find_map(|name| schema[name].as_array());
    if let Some(several) = several {
        return html! { @for (place, one) in several.iter().enumerate() { @if place > 0 { " or " } (kind(one)) } };
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return html! { @for (place, part) in parts.iter().enumerate() { @if place > 0 { " with " } (kind(part)) } };
    }
    html! { (types(schema)) (limits(schema)) }
}

fn types(schema: &Value) -> Markup {
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    html! { @for (place, name) in names.iter().enumerate() {
        @if place > 0 { " or " }
        @if *name == "array" { "list of " (kind(&schema["items"])) } @else { (name) }
    } }
}

/// The bounds that a schema sets, in brackets.
fn limits(schema: &Value) -> Markup {
    let mut said = Vec::new();
    if let Some(format) = schema["format"].as_str() {
        said.push(format.to_owned());
    }
    for (name, before) in [
        ("minimum", "from "),
        ("maximum", "up to "),
        ("minLength", "at least "),
        ("maxLength", "at most "),
        ("maxItems", "at most "),
    ] {
        if let Some(bound) = schema.get(name) {
            let unit = if name.ends_with("Length") { " characters" } else { "" };
            said.push(format!("{before}{}{unit}", plain(bound)));
        }
    }
    html! { @if !said.is_empty() { " " span.quiet { "(" (said.join(", ")) ")" } } }
}

fn named(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

fn reference(name: &str) -> Markup {
    html! { a href={ "#schema-" (name) } { (name) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_told_in_words() {
        let text = |schema: Value| kind(&schema).into_string();
        assert_eq!(text(json!({"type": "string", "enum": ["a", "b"]})), "<code>a</code> · <code>b</code>");
        assert_eq!(
            text(json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Key"}]})),
            r##"null or <a href="#schema-Key">Key</a>"##
        );
        assert_eq!(
            text(json!({"type": ["array", "null"], "items": {"type": "integer"}})),
            "list of integer or null"
        );
        assert_eq!(
            text(json!({"type": "string", "format": "date", "maxLength": 10})),
            r#"string <span class="quiet">(date, at most 10 characters)</span>"#
        );
    }

    #[test]
    fn a_field_that_has_to_be_there_has_its_mark() {
        let schema = json!({"type": "object", "required": ["b"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
        let page = article("Thing", &schema).into_string();
        assert!(page.contains(r#"<code>b</code> <span class="required">"#), "{page}");
        assert!(page.contains("<code>a</code></td>"), "{page}");
    }
}
