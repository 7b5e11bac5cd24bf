//! Stripe's payloads with texts in them that are hard to hold.
//!
//! A payload is a file under `tests/data/stripe`. Its texts are written anew as raw JSON, since a string
//! of Rust cannot hold what Stripe's own clients take: half a surrogate pair.

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use std::{fs, path::Path};

/// Raw JSON for the inside of a text, each kind of what is hard to hold once.
pub const HARD: [&str; 10] = [
    r"\ud83d",
    r"\udc00\ud800",
    r"\u0000",
    r"a\u0000\udfff\\ud83d",
    r"\ud83d\ude00😀\udbff",
    "\u{202e}\u{feff}\u{fffe}\u{10ffff}",
    r"\n\t\u0001\u007f\u0085\u2028",
    "İßﬀΣς\u{301}\u{1f1e9}\u{1f1ea}",
    r#"'; DROP TABLE facts; --\\\"{}$1%s"#,
    r" \u00a0\u3000",
];

/// Fields whose text is one of a list that Stripe documents, or a time: these decide what happened.
const CLOSED: [&str; 7] = ["type", "object", "status", "mode", "payment_status", "currency", "created"];

/// Every payload, by version and name, in test mode.
///
/// # Errors
/// When a file cannot be read.
pub fn payloads() -> Result<Vec<(String, Value)>> {
    let mut payloads = Vec::new();
    for version in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stripe"))? {
        for file in fs::read_dir(version?.path())? {
            let path = file?.path();
            let mut event: Value = serde_json::from_slice(&fs::read(&path)?)?;
            if let Some(livemode) = event.get_mut("livemode") {
                *livemode = Value::Bool(false);
            }
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR"))?.display().to_string();
            payloads.push((name, event));
        }
    }
    payloads.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(payloads)
}

/// The payload with raw JSON behind every text that decides nothing by itself: ids, names, addresses,
/// codes, metadata. Equal texts stay equal, so what belonged together still does.
#[must_use]
pub fn with_hard_texts(payload: &Value, hard: &str) -> String {
    written(payload, None, &|text| format!("{}{hard}", inside(text)))
}

/// The payload with the raw JSON of one text in place of its n-th text that decides nothing by itself.
///
/// # Errors
/// When there are not so many.
pub fn with_one_hard_text(payload: &Value, n: usize, hard: &str) -> Result<String> {
    let (seen, found) = (std::cell::Cell::new(0), std::cell::Cell::new(false));
    let body = written(payload, None, &|text| {
        let this = seen.replace(seen.get() + 1) == n;
        found.set(found.get() || this);
        if this { hard.to_owned() } else { inside(text) }
    });
    found.get().then_some(body).with_context(|| format!("there is no text {n}"))
}

/// How many texts decide nothing by themselves.
#[must_use]
pub fn count(payload: &Value) -> usize {
    let seen = std::cell::Cell::new(0);
    written(payload, None, &|text| {
        seen.set(seen.get() + 1);
        inside(text)
    });
    seen.get()
}

/// The payload with one more entry in every object: a key and a text that nobody asked for.
#[must_use]
pub fn with_hard_entries(payload: &Value, hard: &str) -> String {
    let body = payload.to_string();
    let body = body.replace("{}", &format!(r#"{{"{hard}":"{hard}"}}"#));
    // A brace that opens an object is followed by a key; in a text it is not.
    let mut out = String::with_capacity(body.len() * 2);
    let entry = format!(r#""{hard}":"{hard}","#);
    let (mut in_text, mut escaped) = (false, false);
    let mut rest = body.chars().peekable();
    while let Some(char) = rest.next() {
        out.push(char);
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = in_text,
            '"' => in_text = !in_text,
            '{' if !in_text && rest.peek() == Some(&'"') => {
                out += &entry;
            }
            _ => {}
        }
    }
    out
}

fn written(value: &Value, field: Option<&str>, text: &impl Fn(&str) -> String) -> String {
    match value {
        Value::String(inner) if field.is_some_and(|field| CLOSED.contains(&field)) => {
            format!("\"{}\"", inside(inner))
        }
        Value::String(inner) => format!("\"{}\"", text(inner)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, field, text)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => object(map, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn object(map: &Map<String, Value>, text: &impl Fn(&str) -> String) -> String {
    let entries =
        map.iter().map(|(key, value)| format!("\"{}\":{}", inside(key), written(value, Some(key), text)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}

/// A text as JSON without its quotes.
fn inside(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}
