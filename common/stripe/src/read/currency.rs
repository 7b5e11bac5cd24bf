//! Currencies.

use crate::json::{BadField, Text, filled, required};
use domain::money::Currency;

/// A currency as facts have it: three letters, lower case. Anything else would only be found out by the
/// fold, which cannot do without.
pub(super) fn currency(code: Option<&Text>) -> Result<String, BadField> {
    let code = required(filled(code), "currency")?;
    match Currency::of_provider(code) {
        Ok(_) => Ok(code.trim().to_lowercase()),
        Err(_) => Err(BadField::new("currency", "it is no code of a currency (ISO 4217)")),
    }
}
