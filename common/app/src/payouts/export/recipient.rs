//! Whom a payout goes to.

use super::Format;
use serde_json::Value;

/// A recipient.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recipient {
    /// A name, when one is known.
    pub(super) name: Option<String>,
    /// Where it is reached.
    pub(super) email: String,
}

/// From the affiliate's payout preferences, which are the company's own notes: `{"paypal_email": …}`,
/// `{"paypal": {"email": …, "name": …}}`, `{"email": …}`; else the affiliate's own address.
pub(super) fn recipient(preferences: Option<&Value>, own_email: &str, format: Format) -> Recipient {
    let text = |key: &str, within: &Value| {
        within
            .get(key)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(ToOwned::to_owned)
    };
    let of = |key: &str| {
        let preferences = preferences?;
        let provider = format.provider().and_then(|provider| {
            let nested = preferences.get(provider).and_then(|own| text(key, own));
            nested.or_else(|| text(&format!("{provider}_{key}"), preferences))
        });
        provider.or_else(|| text(key, preferences))
    };
    Recipient { name: of("name"), email: of("email").unwrap_or_else(|| own_email.trim().to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_providers_own_address_goes_first_then_any_then_the_affiliates() {
        let preferences = json!({"paypal_email": "pay@anna.example", "wise": {"email": "wise@anna.example", "name": "Anna A."}, "email": "any@anna.example"});
        let email = |format| recipient(Some(&preferences), "anna@example.org", format).email;
        assert_eq!(email(Format::Paypal), "pay@anna.example");
        assert_eq!(email(Format::Wise), "wise@anna.example");
        assert_eq!(email(Format::Csv), "any@anna.example");
        assert_eq!(recipient(Some(&preferences), "", Format::Wise).name.as_deref(), Some("Anna A."));
        for nothing in [None, Some(json!("call me")), Some(json!({"paypal_email": " ", "email": 7}))] {
            let found = recipient(nothing.as_ref(), " anna@example.org", Format::Paypal);
            assert_eq!(found, Recipient { name: None, email: "anna@example.org".to_owned() });
        }
    }
}
