//! Text and times.

use crate::bounded::bounded;
use chrono::{DateTime, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use std::ops::Deref;

/// Text that an index can hold. NUL and half surrogate pairs are out of it already
/// ([`well_formed`](fn@super::well_formed)).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        Self(bounded(text.to_owned()))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text::new(text))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A text that says something: absent and blank are the same.
pub(crate) fn filled(text: Option<&Text>) -> Option<&str> {
    text.map(Deref::deref).filter(|text| !text.trim().is_empty())
}

/// A time: Unix seconds, or RFC 3339 in thin events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnixTime(pub(crate) DateTime<Utc>);

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;
        impl<'de> Visitor<'de> for MomentVisitor {
            type Value = UnixTime;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a Unix time in seconds or an RFC 3339 time")
            }
            fn visit_i64<E: Error>(self, seconds: i64) -> Result<UnixTime, E> {
                // ISO 8601 with four digits ends before the year 10,000.
                DateTime::from_timestamp(seconds, 0)
                    .filter(|_| (0..253_402_300_800).contains(&seconds))
                    .map(UnixTime)
                    .ok_or_else(|| E::custom("a time out of range"))
            }
            fn visit_u64<E: Error>(self, seconds: u64) -> Result<UnixTime, E> {
                let seconds = i64::try_from(seconds).map_err(|_| E::custom("a time out of range"))?;
                self.visit_i64(seconds)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<UnixTime, E> {
                DateTime::parse_from_rfc3339(text)
                    .map_err(|_| E::custom("a time that is not RFC 3339"))
                    .and_then(|time| self.visit_i64(time.timestamp()))
            }
            // A number comes as a map when serde_json is told to keep all of its digits.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UnixTime, A::Error> {
                let number = serde_json::Number::deserialize(MapAccessDeserializer::new(map))
                    .map_err(|_| A::Error::custom("a time that is neither a number nor a string"))?;
                self.visit_i64(number.as_i64().unwrap_or(-1))
            }
        }
        deserializer.deserialize_any(MomentVisitor)
    }
}
