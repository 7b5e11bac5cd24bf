//! Ids that may be expanded, and lists in any of their shapes.

use super::text::{Text, filled};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Where Stripe puts an id, or the object when it was expanded, or nothing.
#[derive(Clone, Debug, Default)]
pub(crate) enum Ref<T = Plain> {
    #[default]
    None,
    Id(Text),
    Object(Box<T>),
}

/// An object of which only the id is of use.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Plain {
    id: Option<Text>,
}

/// An object that knows its id.
pub(crate) trait Identified {
    fn id(&self) -> Option<&str>;
}

impl Identified for Plain {
    fn id(&self) -> Option<&str> {
        filled(self.id.as_ref())
    }
}

impl<T: Identified> Ref<T> {
    /// The id, expanded or not.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Id(id) => filled(Some(id)),
            Self::Object(object) => object.id(),
        }
    }
}

impl<T> Ref<T> {
    /// The expanded object.
    pub(crate) fn object(&self) -> Option<&T> {
        match self {
            Self::Object(object) => Some(object),
            Self::None | Self::Id(_) => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ref<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RefVisitor(PhantomData))
    }
}

struct RefVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for RefVisitor<T> {
    type Value = Ref<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id or an object")
    }
    fn visit_str<E: Error>(self, id: &str) -> Result<Ref<T>, E> {
        Ok(Ref::Id(Text::new(id)))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ref<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Ref::Object(Box::new(object)))
    }
    fn visit_unit<E: Error>(self) -> Result<Ref<T>, E> {
        Ok(Ref::None)
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Ref<T>, E> {
        Ok(Ref::None)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Ref<T>, E> {
        Ok(Ref::None)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Ref<T>, E> {
        Ok(Ref::None)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Ref<T>, E> {
        Ok(Ref::None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Ref<T>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Ref::None)
    }
}

/// A list: an array, Stripe's list object, or null.
#[derive(Clone, Debug)]
pub(crate) struct Items<T> {
    pub(crate) data: Vec<T>,
    /// Stripe sent all there is.
    pub(crate) complete: bool,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self { data: Vec::new(), complete: false }
    }
}

impl<T> Items<T> {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.data.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemsVisitor(PhantomData))
    }
}

struct ItemsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ItemsVisitor<T> {
    type Value = Items<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or a list object")
    }
    fn visit_unit<E: Error>(self) -> Result<Items<T>, E> {
        Ok(Items::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Items<T>, A::Error> {
        let mut data = Vec::new();
        while let Some(item) = items.next_element()? {
            data.push(item);
        }
        Ok(Items { data, complete: true })
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Items<T>, A::Error> {
        #[derive(serde::Deserialize)]
        struct Page<T> {
            data: Vec<T>,
            #[serde(default)]
            has_more: Option<bool>,
        }
        let page = Page::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Items { data: page.data, complete: page.has_more != Some(true) })
    }
}
