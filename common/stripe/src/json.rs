//! JSON as Stripe really sends it: nulls for lists and maps, ids or expanded objects, lists in two
//! shapes.

mod shape;
mod text;
mod well_formed;

pub(super) use shape::{Identified, Items, Ref};
pub(super) use text::{Text, UnixTime, filled};
pub(super) use well_formed::well_formed;

use serde::de::Deserialize;

/// A part of a payload that cannot be read: where, and why.
///
/// The reason never quotes a value: a payload is personal data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadField {
    pub(super) path: Option<String>,
    pub(super) reason: String,
}

impl BadField {
    pub(super) fn new(path: &str, reason: impl Into<String>) -> Self {
        Self { path: Some(path.to_owned()), reason: reason.into() }
    }

    /// The same, seen from the object around it.
    pub(super) fn within(self, outer: &str) -> Self {
        let path = self.path.map_or_else(|| outer.to_owned(), |inner| format!("{outer}.{inner}"));
        Self { path: Some(path), reason: self.reason }
    }
}

/// A field that an object cannot be understood without.
pub(super) fn required<T>(field: Option<T>, path: &str) -> Result<T, BadField> {
    field.ok_or_else(|| BadField::new(path, "it is absent"))
}

/// Reads an object. The way to a field that fails is looked for only then, by reading again.
pub(super) fn parse<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, BadField> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(BadField { path: None, reason: "it is not a JSON object".to_owned() });
    }
    serde_json::from_slice(json).map_err(|error| diagnose::<T>(json, &error))
}

fn diagnose<'de, T: Deserialize<'de>>(json: &'de [u8], first: &serde_json::Error) -> BadField {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let path = serde_path_to_error::deserialize::<_, T>(&mut deserializer)
        .err()
        .map(|error| error.path().to_string())
        .filter(|path| path != ".");
    BadField { path, reason: without_values(&first.to_string()) }
}

/// Serde quotes the value that it did not like as `string "…"`; its own words are in backticks.
fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}…{}", message.get(..start).unwrap_or(""), message.get(end + 1..).unwrap_or(""))
        }
        _ => message.to_owned(),
    }
}
