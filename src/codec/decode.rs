//! From the bytes of a response to the record that the caller asked for.
//!
//! The service wraps every record in an object with one field (`{"generations_by_pk": {...}}`), and may report an error
//! beside it or instead of it, with status 200. The wrapping is taken off in one pass: by [`fill`] around the records of
//! this crate, by [`read`] around those of the caller, for each type of which it is compiled again. A record of this crate's may be
//! without the wrapping, too.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::codec::{self, Budget, Decode, Fill, Filled, Input, List, Outcome};

/// What an object said about the record under one of its fields.
pub(crate) struct Unwrapped<T> {
    pub(crate) found: Found<T>,
    /// Whether there is a field `errors` with anything in it.
    pub(crate) errors: bool,
}

/// What stood where the record should be.
pub(crate) enum Found<T> {
    Record(T),
    Null,
    /// Not even the field.
    Nothing,
}

impl<T> Unwrapped<T> {
    /// Makes something else of a record, which may turn out to be none, or of its absence.
    pub(crate) fn map<U>(self, record: impl FnOnce(Option<T>) -> Option<U>) -> Unwrapped<U> {
        let found = match self.found {
            Found::Record(found) => record(Some(found)),
            Found::Null => record(None),
            Found::Nothing => return Unwrapped { found: Found::Nothing, errors: self.errors },
        };
        Unwrapped { found: found.map_or(Found::Null, Found::Record), errors: self.errors }
    }
}

/// Reads one of this crate's own records, or a list of them, into `place`, which keeps what was read if it fails. Compiled
/// once for all of them.
pub(crate) fn fill(
    field: &'static str,
    body: &str,
    place: &mut dyn Decode,
    budget: &Budget,
) -> serde_json::Result<Unwrapped<()>> {
    unwrap(field, body, &mut OwnRecord { place, budget, taken: false })
}

/// The same for a record that stands under the field, or whose fields stand where that could be.
pub(crate) fn fill_flat(
    field: &'static str,
    body: &str,
    place: &mut dyn Decode,
    budget: &Budget,
) -> serde_json::Result<Unwrapped<()>> {
    let unwrapped = unwrap(field, body, &mut FlatRecord(OwnRecord { place: &mut *place, budget, taken: false }))?;
    if let (Found::Record(()), Outcome::Record(record)) = (&unwrapped.found, place.set(Input::Object)) {
        if let Some(name) = codec::missing(record) {
            return Err(Error::custom(format_args!("`{name}` is missing or blank")));
        }
    }
    Ok(unwrapped)
}

/// How a record, or a list of records, is read from the text of a body.
pub(crate) type FillFn = fn(&'static str, &str, &mut dyn Decode, &Budget) -> serde_json::Result<Unwrapped<()>>;

/// Reads a record of the caller's.
pub(crate) fn read<T: DeserializeOwned>(field: &'static str, body: &str) -> serde_json::Result<Unwrapped<T>> {
    let mut record = CallerRecord(None);
    Ok(unwrap(field, body, &mut record)?.map(|_| record.0))
}

/// From text, since bytes would be checked for UTF-8 again for every field and every value.
fn unwrap(field: &'static str, body: &str, target: &mut impl Target) -> serde_json::Result<Unwrapped<()>> {
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let unwrapped = deserializer.deserialize_any(Wrapping { field, target })?;
    deserializer.end()?;
    Ok(unwrapped)
}

/// Where a record goes.
trait Target {
    /// Reads what stands under the field, and tells whether there is a record.
    fn read<'de, A: MapAccess<'de>>(&mut self, field: &'static str, map: &mut A) -> Result<bool, A::Error>;

    /// Whether what stands beside the field may be of the record.
    const FLAT: bool = false;

    /// Reads what stands beside the field, and tells whether it is of the record.
    fn read_beside<'de, A: MapAccess<'de>>(&mut self, _name: &str, map: &mut A) -> Result<bool, A::Error> {
        map.next_value::<IgnoredAny>()?;
        Ok(false)
    }
}

struct OwnRecord<'a> {
    place: &'a mut dyn Decode,
    budget: &'a Budget,
    taken: bool,
}

impl Target for OwnRecord<'_> {
    fn read<'de, A: MapAccess<'de>>(&mut self, field: &'static str, map: &mut A) -> Result<bool, A::Error> {
        let filled = map.next_value_seed(Fill::new(self.place, self.budget))?;
        filled.report(field, self.budget);
        self.taken |= !matches!(filled, Filled::Null);
        Ok(self.taken)
    }
}

struct FlatRecord<'a>(OwnRecord<'a>);

impl Target for FlatRecord<'_> {
    fn read<'de, A: MapAccess<'de>>(&mut self, field: &'static str, map: &mut A) -> Result<bool, A::Error> {
        self.0.read(field, map)
    }

    const FLAT: bool = true;

    fn read_beside<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        let budget = self.0.budget;
        if let Outcome::Record(record) = self.0.place.set(Input::Object) {
            if let Some(place) = record.place(name) {
                let filled = map.next_value_seed(Fill::within(place, budget))?;
                filled.report(name, budget);
                return Ok(true);
            }
        }
        map.next_value::<IgnoredAny>()?;
        Ok(false)
    }
}

struct CallerRecord<T>(Option<T>);

impl<T: DeserializeOwned> Target for CallerRecord<T> {
    fn read<'de, A: MapAccess<'de>>(&mut self, _: &'static str, map: &mut A) -> Result<bool, A::Error> {
        self.0 = map.next_value()?;
        Ok(self.0.is_some())
    }
}

/// Whether a value is a list that is not empty; what is in it may be anything.
struct NotEmpty(bool);

impl Decode for NotEmpty {
    fn empty() -> Self {
        Self(false)
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        if let Input::List = input { Outcome::List(self) } else { Outcome::Done }
    }
}

impl List for NotEmpty {
    fn next(&mut self) -> Option<(&mut dyn Decode, usize)> {
        self.0 = true;
        None
    }

    fn take_back(&mut self) {}
}

/// Reads a list of the caller's records; one that is `null` is empty.
pub(crate) fn read_list<T: DeserializeOwned>(field: &'static str, body: &str) -> serde_json::Result<Unwrapped<Vec<T>>> {
    let list = read::<WithoutNulls<T>>(field, body)?;
    Ok(list.map(|list| Some(list.map_or_else(Vec::new, |list| list.0))))
}

/// A list without its nulls.
struct WithoutNulls<T>(Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for WithoutNulls<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListOf(PhantomData))
    }
}

struct ListOf<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ListOf<T> {
    type Value = WithoutNulls<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<WithoutNulls<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Option<T>>()? {
            list.extend(item);
        }
        Ok(WithoutNulls(list))
    }
}

struct Wrapping<'a, P> {
    field: &'static str,
    target: &'a mut P,
}

impl<'de, P: Target> Visitor<'de> for Wrapping<'_, P> {
    type Value = Unwrapped<()>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the field `{}`", self.field)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Unwrapped { found: Found::Nothing, errors: false })
    }

    // Serde's own would quote all of a text, and brings what formats floating point numbers.

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Err(no_object(Input::Bool(value)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Err(no_object(Input::Int(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Err(no_object(Input::Large(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Err(no_object(Input::Float(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Err(no_object(Input::Text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(no_object(Input::List))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { field, target } = self;
        let mut unwrapped = Unwrapped { found: Found::Nothing, errors: false };
        while let Some(name) = map.next_key_seed(NameOf { field, kept: P::FLAT })? {
            match name {
                Name::Record if target.read(field, &mut map)? => unwrapped.found = Found::Record(()),
                Name::Record => unwrapped.found = Found::Null,
                Name::Errors => {
                    let mut list = NotEmpty(false);
                    map.next_value_seed(Fill::new(&mut list, &Budget::unlimited()))?;
                    unwrapped.errors = list.0;
                }
                Name::Other(name) => {
                    if target.read_beside(&name, &mut map)? {
                        unwrapped.found = Found::Record(());
                    }
                }
            }
        }
        Ok(unwrapped)
    }
}

#[cold]
fn no_object<E: Error>(input: Input<'_>) -> E {
    codec::mismatch(input, "an object")
}

enum Name {
    Record,
    Errors,
    /// Empty, unless it is kept.
    Other(String),
}

/// Compares a field's name, and keeps it only if it must.
struct NameOf {
    field: &'static str,
    kept: bool,
}

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
            name if name == self.field => Name::Record,
            "errors" => Name::Errors,
            name if self.kept => Name::Other(name.to_owned()),
            _ => Name::Other(String::new()),
        })
    }
}
