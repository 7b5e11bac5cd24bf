//! Webhook endpoints that are made and changed (<https://docs.stripe.com/api/webhook_endpoints>).

use super::account::Account;
use super::form::Form;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Where they are.
pub(super) const PATH: &str = "/v1/webhook_endpoints";

impl Account {
    /// Makes one, or changes the one that is named. A secret is shown once.
    pub(super) fn post_endpoint(
        &mut self,
        id: Option<&str>,
        form: &Form,
    ) -> Result<Value, (StatusCode, String)> {
        let events = form.list("enabled_events");
        let Some(id) = id else {
            let n = self.endpoints.len() + 1;
            let made = json!({
                "id": format!("we_{n}"), "object": "webhook_endpoint", "url": form.get("url"), "status": "enabled",
                "enabled_events": events, "api_version": form.get("api_version"), "livemode": false,
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
