//! Codes, commissions, and notes of the caller's own.

use super::Fields;
use app::rules::WrittenRules;
use domain::rules::{Commission, Rules};
use serde_json::Value;

/// The shortest code: shorter ones are met by chance.
const MIN_CODE: usize = 3;
/// The longest referral code.
pub(crate) const MAX_REFERRAL_CODE: usize = 64;
/// The longest value that is kept as it is, in bytes.
const MAX_JSON: usize = 8 * 1024;

impl Fields {
    /// A referral or coupon code, as it was written.
    pub(crate) fn code(&mut self, name: &str, longest: usize) -> Option<String> {
        let code = self.text(name, longest)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if code.chars().count() >= MIN_CODE && code.chars().all(fits) {
            return Some(code);
        }
        self.problem(name, format!("{name} must have {MIN_CODE} to {longest} letters, digits, - or _"));
        None
    }

    /// A commission: `"20%"` or `"15.00usd"`.
    pub(crate) fn commission(&mut self, name: &str) -> Option<Commission> {
        let text = self.text(name, super::MAX_TEXT)?;
        text.parse().map_err(|error| self.problem(name, format!("{name}: {error}"))).ok()
    }

    /// Rules in writing (docs/RULES.md).
    pub(crate) fn rules(&mut self, name: &str) -> Option<Rules> {
        let value = self.value(name)?;
        if !value.is_object() {
            self.problem(name, format!("{name} must be an object"));
            return None;
        }
        if cannot_be_kept(&value) {
            self.problem(name, format!("{name} holds what cannot be kept"));
            return None;
        }
        let written = serde_json::from_value::<WrittenRules>(value).map_err(|error| error.to_string());
        let rules = written.and_then(|written| written.rules().map_err(|error| error.to_string()));
        rules.map_err(|error| self.problem(name, format!("{name}: {error}"))).ok()
    }

    /// Any value, to be kept as it is: an object or a text.
    pub(crate) fn json(&mut self, name: &str) -> Option<Value> {
        let value = self.value(name)?;
        if !value.is_object() && !value.is_string() {
            self.problem(name, format!("{name} must be an object or a string"));
            return None;
        }
        if value.to_string().len() > MAX_JSON {
            self.problem(name, format!("{name} must have at most {MAX_JSON} bytes"));
            return None;
        }
        // PostgreSQL keeps no NUL, and numbers only up to its own bounds.
        if cannot_be_kept(&value) {
            self.problem(name, format!("{name} holds what cannot be kept"));
            return None;
        }
        Some(value)
    }
}

fn cannot_be_kept(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_none_or(|number| !number.is_finite()),
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(cannot_be_kept),
        Value::Object(values) => {
            values.iter().any(|(name, value)| name.contains('\0') || cannot_be_kept(value))
        }
        Value::Null | Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        Fields::new([("x".to_owned(), value)].into_iter().collect())
    }

    fn code(text: &str) -> Option<String> {
        let mut fields = fields(json!(text));
        let code = fields.code("x", 5);
        assert_eq!(fields.finish().is_ok(), code.is_some(), "{text}");
        code
    }

    #[test]
    fn a_code_is_made_of_plain_characters() {
        for good in ["abc", "A-_9z", " abc "] {
            assert_eq!(code(good).as_deref(), Some(good.trim()));
        }
        for bad in ["ab", "abcdef", "a b", "äbc", "a.b"] {
            assert_eq!(code(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_commission_says_how_it_is_written() {
        let mut good = fields(json!("12.5%"));
        assert_eq!(good.commission("x").map(|c| c.to_string()).as_deref(), Some("12.5%"));
        for bad in [json!(20), json!("20"), json!("101%"), json!([])] {
            let mut bad = fields(bad);
            assert!(bad.commission("x").is_none() && bad.finish().is_err());
        }
    }

    #[test]
    fn notes_are_what_the_database_can_keep() {
        for good in [json!({"method": "paypal", "n": [1, 2.5]}), json!("by letter"), json!(r"\u0000")] {
            assert_eq!(fields(good.clone()).json("x"), Some(good));
        }
        let nul = json!({"a\u{0}": 1});
        let huge: Value = serde_json::from_str(r#"{"a": 1e400000}"#).unwrap();
        for bad in [json!(1), json!([]), nul, huge, json!("x".repeat(MAX_JSON))] {
            let mut bad = fields(bad);
            assert!(bad.json("x").is_none() && bad.finish().is_err());
        }
    }
}
