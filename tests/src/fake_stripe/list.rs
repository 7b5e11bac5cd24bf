//! Lists in pages (<https://docs.stripe.com/api/pagination>).

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The parameters of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    pub(super) values: BTreeMap<String, String>,
    pub(super) expand: Vec<Vec<String>>,
}

impl Query {
    pub(super) fn read(query: &str) -> Self {
        let mut read = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = name.replace("%5B", "[").replace("%5D", "]");
            if name.starts_with("expand[") {
                read.expand.push(value.split('.').map(str::to_owned).collect());
            } else {
                read.values.insert(name, value.to_owned());
            }
        }
        read
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.values.get(name)?.parse().ok()
    }

    /// Whether something was made in the span that is asked for.
    pub(super) fn covers(&self, object: &Value) -> bool {
        let created = created(object);
        self.number("created[gte]").is_none_or(|since| created >= since)
            && self.number("created[lt]").is_none_or(|until| created < until)
            && self.values.get("status").is_none_or(|status| {
                status == "all" || object.get("status").and_then(Value::as_str) == Some(status)
            })
            && self
                .values
                .get("payment[payment_intent]")
                .is_none_or(|intent| object["payment"]["payment_intent"].as_str() == Some(intent))
            && self.values.get("active").is_none_or(|active| object["active"] == (active == "true"))
            && self.values.get("code").is_none_or(|code| {
                object.get("code").and_then(Value::as_str).is_some_and(|one| one.eq_ignore_ascii_case(code))
            })
    }

    /// A page of those that are listed, newest first.
    pub(super) fn page(&self, path: &str, mut listed: Vec<&Value>) -> Result<Value, String> {
        let limit = self.number("limit").unwrap_or(10);
        let limit = usize::try_from(limit).ok().filter(|limit| (1..=100).contains(limit));
        let limit = limit.ok_or("limit is a number from 1 to 100")?;
        listed.sort_by(|one, other| (created(other), id(other)).cmp(&(created(one), id(one))));
        let after = match self.values.get("starting_after") {
            Some(after) => {
                let place = listed.iter().position(|object| id(object) == after);
                place.ok_or_else(|| format!("No such object: {after}"))? + 1
            }
            None => 0,
        };
        let rest = listed.len().saturating_sub(after);
        let data: Vec<&Value> = listed.into_iter().skip(after).take(limit).collect();
        Ok(json!({"object": "list", "url": path, "has_more": rest > limit, "data": data}))
    }
}

pub(super) fn created(object: &Value) -> i64 {
    object.get("created").and_then(Value::as_i64).unwrap_or_default()
}

pub(super) fn id(object: &Value) -> &str {
    object.get("id").and_then(Value::as_str).unwrap_or_default()
}
