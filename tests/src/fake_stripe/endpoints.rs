//! Webhook endpoints that are made and changed (<https://docs.stripe.com/api/webhook_endpoints>).

use super::account::Account;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Where they are.
pub(super) const PATH: &str = "/v1/webhook_endpoints";

impl Account {
    /// Makes one, or changes the one that the path names. A secret is shown once.
    pub(super) fn post_endpoint(&mut self, path: &str, form: &str) -> Result<Value, (StatusCode, String)> {
        let fields: Vec<(String, String)> = form.split('&').filter_map(field).collect();
        let one = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
        let events: Vec<&String> = fields
            .iter()
            .filter(|(field, _)| field.starts_with("enabled_events["))
            .map(|(_, value)| value)
            .collect();
        let Some(id) = path.strip_prefix(PATH).and_then(|rest| rest.strip_prefix('/')) else {
            let n = self.endpoints.len() + 1;
            let made = json!({
                "id": format!("we_{n}"), "object": "webhook_endpoint", "url": one("url"), "status": "enabled",
                "enabled_events": events, "api_version": one("api_version"), "livemode": false,
            });
            self.endpoints.push(made.clone());
            let mut shown = made;
            shown["secret"] = json!(format!("whsec_made_by_the_fake_{n}"));
            return Ok(shown);
        };
        let standing = self.endpoints.iter_mut().find(|endpoint| endpoint["id"] == id);
        let standing = standing.ok_or((StatusCode::NOT_FOUND, format!("No such endpoint: {id}")))?;
        standing["enabled_events"] = json!(events);
        standing["status"] = json!("enabled");
        Ok(standing.clone())
    }
}

/// A field of a form.
fn field(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    Some((decoded(name), decoded(value)))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex: Option<u8> = (byte == b'%').then(|| {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap_or_default(), 16).unwrap_or(b'?')
        });
        bytes.push(hex.unwrap_or(if byte == b'+' { b' ' } else { byte }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
