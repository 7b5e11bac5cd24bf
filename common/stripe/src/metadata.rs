//! Metadata: the referral codes and the wishes that a project's back end wrote on Stripe's objects.

use super::json::{Text, filled};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::de::{IgnoredAny, value::MapAccessDeserializer};
use std::fmt;

/// The metadata keys that carry a referral code, the most trusted first (SEMANTICS 4 c).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataKeys(Vec<String>);

impl MetadataKeys {
    /// A project's own keys.
    pub fn new<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self(keys.into_iter().map(Into::into).collect())
    }
}

impl Default for MetadataKeys {
    /// `referral_code`, `referral`, `ref`.
    fn default() -> Self {
        Self::new(["referral_code", "referral", "ref"])
    }
}

/// An object's metadata. Stripe's values are strings; anything else is skipped, and so is a
/// metadata that is no map.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata(Vec<(Text, Text)>);

impl Metadata {
    /// The value of the first key that has one.
    pub(super) fn referral(&self, keys: &MetadataKeys) -> Option<&str> {
        keys.0.iter().find_map(|key| self.get(key))
    }

    /// Whether it says `commission: false` (SEMANTICS 6).
    pub(super) fn forbids_commission(&self) -> bool {
        self.get("commission").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"))
    }

    /// Of a key that stands twice the last counts, as for Stripe's own clients.
    fn get(&self, wanted: &str) -> Option<&str> {
        self.0.iter().rfind(|(key, _)| &**key == wanted).and_then(|(_, value)| filled(Some(value)))
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Text, Value>()? {
            if let Value(Some(value)) = value {
                entries.push((key, value));
            }
        }
        Ok(Metadata(entries))
    }
    fn visit_unit<E: Error>(self) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Metadata, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Metadata::default())
    }
}

/// A metadata value: a string, or a flag that somebody's test double wrote as a flag.
struct Value(Option<Text>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value(Some(Text::new(text))))
    }
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value(Some(Text::new(if flag { "true" } else { "false" }))))
    }
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value(None))
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value(None))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(Value(None))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        IgnoredAny::deserialize(MapAccessDeserializer::new(map)).map(|_| Value(None))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value(None))
    }
}
