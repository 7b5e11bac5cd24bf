//! Promotion codes that are made and changed (<https://docs.stripe.com/api/promotion_codes>).

use super::account::Account;
use super::form::Form;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Where they are.
pub(super) const PATH: &str = "/v1/promotion_codes";

impl Account {
    /// Makes one, or changes the one that is named. Of one name there is one active code.
    pub(super) fn post_promotion_code(
        &mut self,
        id: Option<&str>,
        form: &Form,
    ) -> Result<Value, (StatusCode, String)> {
        let bad = |message: String| (StatusCode::BAD_REQUEST, message);
        let Some(id) = id else {
            let code = form.get("code").unwrap_or_default();
            let coupon = form.get("promotion[coupon]").unwrap_or_default();
            if self.objects.get(coupon).is_none_or(|object| object["object"] != "coupon") {
                return Err(bad(format!("No such coupon: '{coupon}'")));
            }
            let is_taken = |one: &Value| {
                one["object"] == "promotion_code"
                    && one["active"] == true
                    && one["code"].as_str().is_some_and(|taken| taken.eq_ignore_ascii_case(code))
            };
            if self.objects.values().any(is_taken) {
                return Err(bad(format!("An active promotion code with `code: {code}` already exists.")));
            }
            let id = format!("promo_made_{}", self.objects.len());
            let made = json!({
                "id": id, "object": "promotion_code", "code": code, "active": true, "created": self.now, "livemode": false,
                "promotion": {"type": "coupon", "coupon": coupon},
                "metadata": {"tributary": form.get("metadata[tributary]")},
            });
            self.objects.insert(id, made.clone());
            return Ok(made);
        };
        let standing = self.objects.get_mut(id).filter(|object| object["object"] == "promotion_code");
        let standing = standing.ok_or((StatusCode::NOT_FOUND, format!("No such promotion code: {id}")))?;
        if let Some(active) = form.get("active") {
            standing["active"] = json!(active == "true");
        }
        Ok(standing.clone())
    }
}
