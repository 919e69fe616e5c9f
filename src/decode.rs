//! From the bytes of an answer to the record that the caller asked for.
//!
//! The service wraps every record in an object with one field (`{"generations_by_pk": {...}}`), and may report an error
//! beside it or instead of it, with status 200. [`read`] takes the wrapping off in one pass; it is the only part of a
//! call that is compiled once for each type.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What an object said about the record under one of its fields.
pub(crate) struct Unwrapped<T> {
    /// Absent if the field is.
    pub(crate) record: Option<Option<T>>,
    /// Whether there is a field `errors` with anything in it.
    pub(crate) errors: bool,
}

/// From text, since bytes would be checked for UTF-8 again for every field and every value.
pub(crate) fn read<T: DeserializeOwned>(field: &'static str, body: &str) -> serde_json::Result<Unwrapped<T>> {
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let unwrapped = deserializer.deserialize_map(Wrapping { field, record: PhantomData })?;
    deserializer.end()?;
    Ok(unwrapped)
}

/// A list, without the elements that are `null`; a list that is `null` is empty.
pub(crate) fn read_list<T: DeserializeOwned>(field: &'static str, body: &str) -> serde_json::Result<Unwrapped<Vec<T>>> {
    let Unwrapped { record, errors } = read::<List<T>>(field, body)?;
    Ok(Unwrapped { record: record.map(|list| Some(list.map_or_else(Vec::new, |list| list.0))), errors })
}

/// The first element of a list that is not `null`; without one, as if the list were `null`.
pub(crate) fn read_first<T: DeserializeOwned>(field: &'static str, body: &str) -> serde_json::Result<Unwrapped<T>> {
    let Unwrapped { record, errors } = read_list(field, body)?;
    Ok(Unwrapped { record: record.map(|list| list.and_then(|list: Vec<T>| list.into_iter().next())), errors })
}

#[derive(serde::Deserialize)]
#[serde(transparent, bound = "T: DeserializeOwned")]
struct List<T>(#[serde(deserialize_with = "crate::models::wire::list")] Vec<T>);

struct Wrapping<T> {
    field: &'static str,
    record: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Wrapping<T> {
    type Value = Unwrapped<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the field `{}`", self.field)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut unwrapped = Unwrapped { record: None, errors: false };
        while let Some(name) = map.next_key_seed(NameOf(self.field))? {
            match name {
                Name::Record => unwrapped.record = Some(map.next_value()?),
                Name::Errors => unwrapped.errors = map.next_value_seed(NotEmpty)?,
                Name::Other => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(unwrapped)
    }
}

enum Name {
    Record,
    Errors,
    Other,
}

/// Compares a field's name without keeping it.
struct NameOf(&'static str);

impl<'de> DeserializeSeed<'de> for NameOf {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for NameOf {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(match name {
            name if name == self.0 => Name::Record,
            "errors" => Name::Errors,
            _ => Name::Other,
        })
    }
}

/// Whether a value is an array that is not empty; what is in it may be anything.
struct NotEmpty;

impl<'de> DeserializeSeed<'de> for NotEmpty {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Values that are no array.
macro_rules! no_array {
    ($($visit:ident $value:ty),*) => {
        $(fn $visit<E>(self, _: $value) -> Result<bool, E> {
            Ok(false)
        })*
    };
}

impl<'de> Visitor<'de> for NotEmpty {
    type Value = bool;

    no_array!(visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of errors")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut any = false;
        while items.next_element::<IgnoredAny>()?.is_some() {
            any = true;
        }
        Ok(any)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}
