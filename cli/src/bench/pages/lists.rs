//! The lists of REST: whatever the API's document has that is read and names no row, with each of its parameters.

use super::{
    Wanted,
    measured::{Asked, Pages},
};
use crate::bench::client::Client;
use anyhow::Context as _;
use chrono::{TimeDelta, Utc};
use indicatif::ProgressBar;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

/// Read from all of the ledger, each time, on purpose.
const ALL_OF_HISTORY: &str = "/api/v1/proof";

/// Parameters that say which part of a list, and not which list.
const WITHOUT: [&str; 3] = ["limit", "cursor", "Prefer"];

/// Asks for each of them.
pub(super) async fn rest(
    client: &mut Client,
    key: &str,
    wanted: &Wanted,
    pages: &mut Pages,
    progress: &ProgressBar,
) -> anyhow::Result<()> {
    let document = api::openapi().to_json().context("the document cannot be written")?;
    let document: Value = serde_json::from_str(&document)?;
    let bearer = format!("Bearer {key}");
    let header = ("authorization", bearer.as_str());
    let affiliate = affiliate(client, header).await?;
    let listed = document["paths"].as_object().context("the document has no paths")?;
    for (path, methods) in listed {
        if path.contains('{') || path == ALL_OF_HISTORY || methods.get("get").is_none() || !wanted.wants(path)
        {
            continue;
        }
        progress.set_message(path.clone());
        let mut asked = vec![path.clone()];
        for parameter in methods["get"]["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !WITHOUT.contains(&name) {
                let values = values(&document, name, &parameter["schema"], affiliate.as_ref());
                asked.extend(values.iter().map(|value| format!("{path}?{name}={value}")));
            }
        }
        for path in asked {
            let first = Asked::of(client, &path, header).await?;
            pages.first(&path, &first);
            pages.repeat(client, &path, std::slice::from_ref(&path), header, wanted.requests).await?;
            let next = first.json()["pagination"]["next_cursor"].as_str().map(str::to_owned);
            if let Some(cursor) = next.filter(|_| !path.contains("offset")) {
                let join = if path.contains('?') { '&' } else { '?' };
                let (kind, path) = (format!("{path}{join}cursor=…"), format!("{path}{join}cursor={cursor}"));
                pages.first(&kind, &Asked::of(client, &path, header).await?);
                pages.repeat(client, &kind, &[path], header, wanted.requests).await?;
            }
        }
    }
    Ok(())
}

/// The affiliate that the first list names, by its number and its address.
async fn affiliate(client: &mut Client, header: (&str, &str)) -> anyhow::Result<Option<(String, String)>> {
    let found = Asked::of(client, "/api/v1/affiliates?limit=1", header).await?.json();
    let first = &found["data"][0];
    let (Some(id), Some(email)) = (first["id"].as_i64(), first["user_email"].as_str()) else {
        return Ok(None);
    };
    Ok(Some((id.to_string(), email.to_owned())))
}

/// What a parameter is given: each of its words; a month ago; an affiliate; a text that is nowhere.
fn values(document: &Value, name: &str, schema: &Value, affiliate: Option<&(String, String)>) -> Vec<String> {
    let schema = resolved(document, schema);
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    let one = |value: &str| vec![byte_serialize(value.as_bytes()).collect()];
    let month_ago = Utc::now() - TimeDelta::days(30);
    match (name, schema["type"].as_str()) {
        ("affiliate_id", _) => affiliate.into_iter().map(|(id, _)| id.clone()).collect(),
        ("affiliate", _) => affiliate.into_iter().flat_map(|(_, email)| one(email)).collect(),
        ("currency", _) => one("usd"),
        ("minimum", _) => one("1000.00"),
        ("types", _) => one("conversion.earned"),
        ("offset" | "after", _) => one("1000"),
        ("from" | "to" | "as_of" | "at", _) if schema["format"] == "date" || name != "at" => {
            one(&month_ago.date_naive().to_string())
        }
        ("at", _) => one(&month_ago.to_rfc3339()),
        (_, Some("boolean")) => ["true", "false"].map(str::to_owned).to_vec(),
        _ => one("nothing-has-this-name"),
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(schema),
        None => schema,
    }
}
