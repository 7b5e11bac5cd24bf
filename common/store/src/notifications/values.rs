//! Values as REST writes them, for `data`. A test of the API holds the two together.

use crate::{StoreError, decode};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::money::Money;
use serde::Serialize;
use serde_json::Number;

/// A time, to the millisecond.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An amount as an exact JSON number with the currency's decimals.
pub(crate) fn number(money: Money) -> Result<Number, StoreError> {
    money.to_decimal().parse().map_err(decode)
}

/// An object, as text.
pub(crate) fn json(object: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(object).map_err(decode)
}
