//! Values as they come in and as they go out.
//!
//! Serde's derive compiles the reading of a field once for each record that has one and for each type of field in it.
//! Here a field is a [`Slot`], and one visitor, [`Fill`], asks slots what they make of what it finds; in the other
//! direction every value becomes an [`Out`]. What is compiled for each record is little more than its table of names.
//!
//! All slots are tolerant in the same way: `null` is passed over, numbers may come as text, and texts as numbers (names,
//! such as ids, as whole numbers only).

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Number, Value};

/// The name under which `serde_json` hands over numbers when any crate of the build asks it for arbitrary precision.
const EXACT_NUMBER: &str = "$serde_json::private::Number";

/// What is found where a slot is to be filled. Of a list and an object, only that it is one.
#[derive(Clone, Copy)]
pub(crate) enum Given<'a> {
    /// What was taken last turned out to be of no use.
    Nothing,
    Bool(bool),
    Int(i64),
    /// Only for what does not fit an `i64`.
    Large(u64),
    Float(f64),
    Text(&'a str),
    List,
    Object,
}

/// What a slot makes of it.
pub(crate) enum Taken<'a> {
    /// It is taken, or of no interest.
    Done,
    /// It is not what is wanted.
    Refused(&'static str),
    /// The object's fields are to be filled.
    Record(&'a mut dyn Record),
    /// The list's items are to be filled.
    List(&'a mut dyn List),
}

/// Where a value goes. One that is never filled stays as it is, so slots begin with their type's empty value.
pub(crate) trait Slot {
    fn take(&mut self, given: Given<'_>) -> Taken<'_>;
}

/// Slots with names.
pub(crate) trait Record {
    /// `None` for a name that is of no interest.
    fn slot(&mut self, name: &str) -> Option<&mut dyn Slot>;

    /// Whether values that slots refuse are passed over like `null`.
    fn is_lenient(&self) -> bool {
        false
    }

    /// Called after the last field.
    fn end(&mut self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Slots in a row.
pub(crate) trait List {
    /// A slot for the next item; `None` if no more are of interest.
    fn next(&mut self) -> Option<&mut dyn Slot>;

    /// The item was `null`: its slot is not needed.
    fn take_back(&mut self);
}

/// Reads a value that may be `null`, which is the empty one.
pub(crate) fn read<'de, D: Deserializer<'de>, T: Slot + Default>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::default();
    deserializer.deserialize_any(Fill { slot: &mut value, lenient: false })?;
    Ok(value)
}

/// Reads a value that must not be `null`.
pub(crate) fn read_some<'de, D: Deserializer<'de>, T: Slot + Default>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::default();
    match deserializer.deserialize_any(Fill { slot: &mut value, lenient: false })? {
        true => Ok(value),
        false => Err(D::Error::invalid_type(Unexpected::Unit, &"a value")),
    }
}

/// Reads a text, also in formats that do not tell what comes.
pub(crate) fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let mut text = String::new();
    deserializer.deserialize_str(Fill { slot: &mut text, lenient: false })?;
    Ok(text)
}

/// Reads whatever comes into a slot.
pub(crate) fn fill<'de, D: Deserializer<'de>>(deserializer: D, slot: &mut dyn Slot) -> Result<(), D::Error> {
    deserializer.deserialize_any(Fill { slot, lenient: false }).map(|_| ())
}

/// Reads whatever comes into a slot, and tells whether it was anything but `null`, or what passes for it.
struct Fill<'a> {
    slot: &'a mut dyn Slot,
    lenient: bool,
}

impl Fill<'_> {
    fn give<E: Error>(self, given: Given<'_>) -> Result<bool, E> {
        match self.slot.take(given) {
            Taken::Refused(wanted) if !self.lenient => Err(refusal(given, wanted)),
            Taken::Refused(_) => Ok(false),
            _ => Ok(true),
        }
    }
}

#[cold]
fn refusal<E: Error>(given: Given<'_>, wanted: &'static str) -> E {
    let found = match given {
        Given::Nothing => Unexpected::Unit,
        Given::Bool(value) => Unexpected::Bool(value),
        Given::Int(number) => Unexpected::Signed(number),
        Given::Large(number) => Unexpected::Unsigned(number),
        Given::Float(number) => Unexpected::Float(number),
        Given::Text(text) => Unexpected::Str(text),
        Given::List => Unexpected::Seq,
        Given::Object => Unexpected::Map,
    };
    E::invalid_value(found, &wanted)
}

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_none<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        self.give(Given::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        self.give(Given::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        self.give(i64::try_from(number).map_or(Given::Large(number), Given::Int))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        self.give(Given::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        self.give(Given::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let taken = match self.slot.take(Given::List) {
            Taken::List(list) => {
                while items.next_element_seed(Item { list, lenient: self.lenient })?.is_some() {}
                return Ok(true);
            }
            Taken::Refused(wanted) if !self.lenient => return Err(refusal(Given::List, wanted)),
            Taken::Refused(_) => false,
            _ => true,
        };
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(taken)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let (mut nowhere, mut refused) = (Nowhere, None);
        let record: &mut dyn Record = match self.slot.take(Given::Object) {
            Taken::Record(record) => record,
            taken => {
                refused = if let Taken::Refused(wanted) = taken { Some(wanted) } else { None };
                &mut nowhere
            }
        };
        let lenient = self.lenient || record.is_lenient();
        let (mut fields, mut number) = (0, None);
        while let Some(field) = map.next_key_seed(FieldOf(record))? {
            fields += 1;
            match field {
                Field::Slot(slot) => _ = map.next_value_seed(Fill { slot, lenient })?,
                Field::Number => number = map.next_value::<Loose>()?.into_number(),
                Field::Other => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        // Nothing but a number is handed over so; an object with this name and others is an object.
        if let (1, Some(number)) = (fields, number) {
            self.slot.take(Given::Nothing);
            return self.give(Given::Text(&number));
        }
        match (record.end(), refused) {
            (Err(_), _) if self.lenient => {
                self.slot.take(Given::Nothing);
                Ok(false)
            }
            (Err(reason), _) => Err(A::Error::custom(reason)),
            (_, Some(wanted)) if !self.lenient => Err(refusal(Given::Object, wanted)),
            (_, refused) => Ok(refused.is_none()),
        }
    }
}

/// For an object that is passed over.
struct Nowhere;

impl Record for Nowhere {
    fn slot(&mut self, _: &str) -> Option<&mut dyn Slot> {
        None
    }
}

/// What a name of an object stands for.
enum Field<'a> {
    Slot(&'a mut dyn Slot),
    /// The object is a number: no record has this name.
    Number,
    Other,
}

/// Finds out what a name stands for, without keeping it.
struct FieldOf<'a>(&'a mut dyn Record);

impl<'de, 'a> DeserializeSeed<'de> for FieldOf<'a> {
    type Value = Field<'a>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field<'a>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'a> Visitor<'_> for FieldOf<'a> {
    type Value = Field<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Field<'a>, E> {
        if name == EXACT_NUMBER {
            return Ok(Field::Number);
        }
        Ok(self.0.slot(name).map_or(Field::Other, Field::Slot))
    }
}

/// Reads one item of a list.
struct Item<'a> {
    list: &'a mut dyn List,
    lenient: bool,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.list.next() {
            Some(slot) => {
                if !deserializer.deserialize_any(Fill { slot, lenient: self.lenient })? {
                    self.list.take_back();
                }
            }
            None => _ = deserializer.deserialize_ignored_any(IgnoredAny)?,
        }
        Ok(())
    }
}

/// Not what was wanted.
#[derive(Debug)]
pub(crate) struct Refused;

impl<'a> Given<'a> {
    /// Text, or a whole number as text: what may be a name. Of other numbers not every digit is known.
    pub(crate) fn name(self) -> Result<Cow<'a, str>, Refused> {
        Ok(match self {
            Self::Text(text) => text.into(),
            Self::Int(number) => number.to_string().into(),
            Self::Large(number) => number.to_string().into(),
            _ => return Err(Refused),
        })
    }

    /// Text, or a number as text.
    fn text(self) -> Result<Cow<'a, str>, Refused> {
        if let Self::Float(number) = self { Ok(number.to_string().into()) } else { self.name() }
    }

    /// A finite number; `Ok(None)` for blank text.
    fn float(self) -> Result<Option<f64>, Refused> {
        let number = match self {
            Self::Int(number) => number as f64,
            Self::Large(number) => number as f64,
            Self::Float(number) => number,
            Self::Text(text) => match text.trim_ascii() {
                "" => return Ok(None),
                // Not `parse`, since this parser is in every program that reads an answer.
                text => serde_json::from_str(text).map_err(|_| Refused)?,
            },
            _ => return Err(Refused),
        };
        if number.is_finite() { Ok(Some(number)) } else { Err(Refused) }
    }

    fn bool(self) -> Result<bool, Refused> {
        if let Self::Bool(value) = self { Ok(value) } else { Err(Refused) }
    }

    fn u32(self) -> Result<Option<u32>, Refused> {
        self.int()?.map(u32::try_from).transpose().map_err(|_| Refused)
    }

    /// A whole number, however it is written; `Ok(None)` for blank text.
    pub(crate) fn int(self) -> Result<Option<i64>, Refused> {
        match self {
            Self::Int(number) => return Ok(Some(number)),
            Self::Large(_) => return Err(Refused),
            Self::Text(text) => {
                if let Ok(number) = text.trim_ascii().parse() {
                    return Ok(Some(number));
                }
            }
            _ => {}
        }
        // The upper limit is 2^63, which an i64 just fails to hold.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        match self.float()? {
            Some(number) if number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number) => Ok(Some(number as i64)),
            Some(_) => Err(Refused),
            None => Ok(None),
        }
    }
}

/// How a value of each type is taken.
macro_rules! slots {
    ($($type:ty: $wanted:literal, |$slot:ident, $given:ident| $take:expr;)+) => {$(
        impl $crate::models::wire::Slot for $type {
            fn take(&mut self, given: $crate::models::wire::Given<'_>) -> $crate::models::wire::Taken<'_> {
                use $crate::models::wire::{Given, Refused, Taken};
                fn take($slot: &mut $type, $given: Given<'_>) -> ::core::result::Result<(), Refused> {
                    $take;
                    Ok(())
                }
                if take(self, given).is_ok() { Taken::Done } else { Taken::Refused($wanted) }
            }
        }
    )+};
}
pub(crate) use slots;

slots! {
    bool: "a boolean", |slot, given| *slot = given.bool()?;
    Option<bool>: "a boolean", |slot, given| *slot = Some(given.bool()?);
    String: "a string", |slot, given| *slot = given.text()?.into_owned();
    Option<String>: "a string", |slot, given| *slot = Some(given.text()?.into_owned());
    u32: "an integer from 0 to 4294967295", |slot, given| *slot = given.u32()?.unwrap_or_default();
    Option<u32>: "an integer from 0 to 4294967295", |slot, given| *slot = given.u32()?;
    i64: "an integer", |slot, given| *slot = given.int()?.unwrap_or_default();
    Option<i64>: "an integer", |slot, given| *slot = given.int()?;
    Option<f64>: "a number", |slot, given| *slot = given.float()?;
}

/// How a type is taken, read and written that is made out of text.
macro_rules! text {
    ($name:ident) => {
        $crate::models::wire::slots! {
            ::core::option::Option<$name>: "a string", |slot, given| *slot = Some((&*given.name()?).into());
        }

        impl $crate::models::wire::Put for $name {
            fn out(&self) -> $crate::models::wire::Out<'_> {
                $crate::models::wire::Out::Text(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                $crate::models::wire::read_text(deserializer).map(Self::from)
            }
        }
    };
}
pub(crate) use text;

impl<T: Slot + Default> List for Vec<T> {
    fn next(&mut self) -> Option<&mut dyn Slot> {
        self.push(T::default());
        self.last_mut().map(|item| item as _)
    }

    fn take_back(&mut self) {
        self.pop();
    }
}

impl<T: Slot + Default> Slot for Vec<T> {
    fn take(&mut self, given: Given<'_>) -> Taken<'_> {
        match given {
            Given::List => {
                self.clear();
                Taken::List(self)
            }
            _ => Taken::Refused("a list"),
        }
    }
}

impl<T: Slot + Default> Slot for Option<Vec<T>> {
    fn take(&mut self, given: Given<'_>) -> Taken<'_> {
        match given {
            Given::List => Taken::List(self.insert(Vec::new())),
            _ => Taken::Refused("a list"),
        }
    }
}

/// Any value, with no more of it than is ever asked for.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Loose {
    #[default]
    Null,
    Bool,
    /// A text, or a number.
    Text(String),
    /// Of a list only the first item.
    List(Option<Box<Loose>>),
    Map(Vec<(String, Loose)>),
}

impl Loose {
    /// Takes out the value of a field, when this is an object that has it.
    pub(crate) fn field(&mut self, name: &str) -> Loose {
        let Loose::Map(fields) = self else { return Loose::Null };
        fields.iter_mut().find(|(key, _)| key == name).map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }

    pub(crate) fn into_text(self) -> Option<String> {
        if let Loose::Text(text) = self { Some(text) } else { None }
    }

    /// The text, if it is that of a number of JSON.
    fn into_number(self) -> Option<String> {
        self.into_text().filter(|text| {
            text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
                && serde_json::from_str::<IgnoredAny>(text).is_ok()
        })
    }
}

impl Slot for Loose {
    fn take(&mut self, given: Given<'_>) -> Taken<'_> {
        *self = match given {
            Given::List => Loose::List(None),
            Given::Object => Loose::Map(Vec::new()),
            Given::Bool(_) => Loose::Bool,
            scalar => scalar.text().map_or(Loose::Null, |text| Loose::Text(text.into_owned())),
        };
        match given {
            Given::List => Taken::List(self),
            Given::Object => Taken::Record(self),
            _ => Taken::Done,
        }
    }
}

impl List for Loose {
    fn next(&mut self) -> Option<&mut dyn Slot> {
        match self {
            Loose::List(first @ None) => Some(&mut **first.insert(Default::default())),
            _ => None,
        }
    }

    fn take_back(&mut self) {}
}

impl Record for Loose {
    fn slot(&mut self, name: &str) -> Option<&mut dyn Slot> {
        let Loose::Map(fields) = self else { return None };
        fields.push((name.to_owned(), Loose::Null));
        fields.last_mut().map(|(_, value)| value as _)
    }
}

impl<'de> serde::Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

/// A value on its way out.
#[derive(Clone, Copy)]
pub(crate) enum Out<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Record(&'a dyn Fields),
    List(&'a dyn Items),
    /// A number that a caller put in, of which every digit is kept.
    Number(&'a Number),
}

/// A type of which the wire knows the values.
pub(crate) trait Put {
    fn out(&self) -> Out<'_>;

    fn is_none(&self) -> bool
    where
        Self: Sized,
    {
        false
    }
}

/// Values with names.
pub(crate) trait Fields {
    fn each(&self, put: &mut dyn FnMut(&str, &dyn Put));
}

/// Values in a row.
pub(crate) trait Items {
    fn each(&self, put: &mut dyn FnMut(Out<'_>));
}

impl<T: Put> Items for Vec<T> {
    fn each(&self, put: &mut dyn FnMut(Out<'_>)) {
        self.iter().for_each(|item| put(item.out()));
    }
}

macro_rules! puts {
    ($($type:ty: |$value:ident| $out:expr;)+) => {$(
        impl Put for $type {
            fn out(&self) -> Out<'_> {
                let $value = self;
                $out
            }
        }
    )+};
}

puts! {
    bool: |value| Out::Bool(*value);
    u32: |value| Out::Int((*value).into());
    i64: |value| Out::Int(*value);
    f64: |value| Out::Float(*value);
    String: |value| Out::Text(value);
}

impl Put for Value {
    fn out(&self) -> Out<'_> {
        match self {
            Value::Null => Out::Null,
            Value::Bool(value) => Out::Bool(*value),
            Value::Number(number) => Out::Number(number),
            Value::String(text) => Out::Text(text),
            Value::Array(list) => Out::List(list),
            Value::Object(fields) => Out::Record(fields),
        }
    }
}

impl Fields for Map<String, Value> {
    fn each(&self, put: &mut dyn FnMut(&str, &dyn Put)) {
        self.iter().for_each(|(name, value)| put(name, value));
    }
}

impl<T: Put> Put for Vec<T> {
    fn out(&self) -> Out<'_> {
        Out::List(self)
    }
}

impl<T: Put> Put for Option<T> {
    fn out(&self) -> Out<'_> {
        self.as_ref().map_or(Out::Null, T::out)
    }

    fn is_none(&self) -> bool {
        self.is_none()
    }
}

impl Serialize for Out<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Out::Null => serializer.serialize_none(),
            Out::Bool(value) => serializer.serialize_bool(value),
            Out::Int(number) => serializer.serialize_i64(number),
            Out::Float(number) => write_float(number, serializer),
            Out::Text(text) => serializer.serialize_str(text),
            Out::Record(record) => write(record, serializer),
            Out::List(list) => {
                let mut written = serializer.serialize_seq(None)?;
                let mut result = Ok(());
                list.each(&mut |item| {
                    if result.is_ok() {
                        result = written.serialize_element(&item);
                    }
                });
                result?;
                written.end()
            }
            Out::Number(number) => number.serialize(serializer),
        }
    }
}

/// Writes a record.
pub(crate) fn write<S: Serializer>(record: &dyn Fields, serializer: S) -> Result<S::Ok, S::Error> {
    let mut written = serializer.serialize_map(None)?;
    let mut result = Ok(());
    record.each(&mut |name, value| {
        if result.is_ok() {
            result = written.serialize_entry(name, &value.out());
        }
    });
    result?;
    written.end()
}

/// The way JavaScript writes numbers, so 7 rather than 7.0. What JSON has no number for is an error instead of a null
/// that nobody asked for.
fn write_float<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    /// Every whole number up to here is exact in an `f64`.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_finite() {
        Err(S::Error::custom(format_args!("{number} is not a finite number")))
    } else if number.fract() == 0.0 && number.abs() <= EXACT {
        serializer.serialize_i64(number as i64)
    } else {
        serializer.serialize_f64(number)
    }
}

#[cfg(all(test, feature = "models"))]
mod tests {
    use serde_json::json;

    use super::*;

    fn of<T: Slot + Default>(json: &str) -> serde_json::Result<T> {
        let read = read(&mut serde_json::Deserializer::from_str(json));
        // Whatever holds for text holds for values too.
        let value: Value = serde_json::from_str(json)?;
        assert_eq!(super::read::<_, T>(value).is_ok(), read.is_ok(), "{json}");
        read
    }

    #[test]
    fn floats() {
        for (json, number) in [
            ("null", None),
            ("\"\"", None),
            ("7", Some(7.0)),
            ("-7", Some(-7.0)),
            ("7.25", Some(7.25)),
            ("18446744073709551615", Some(18_446_744_073_709_551_615.0)),
            ("\"7\"", Some(7.0)),
            ("\" 7.25 \"", Some(7.25)),
            ("\"1e3\"", Some(1000.0)),
        ] {
            assert_eq!(of::<Option<f64>>(json).unwrap(), number, "{json}");
        }
        for json in ["true", "\"x\"", "\"NaN\"", "\"inf\"", "\"1e999\"", "[1]", "{\"a\":1}", "{}"] {
            assert!(of::<Option<f64>>(json).unwrap_err().to_string().contains("expected a number"), "{json}");
        }
    }

    #[test]
    fn integers() {
        for (json, number) in [
            ("null", None),
            ("\" \"", None),
            ("905778432", Some(905_778_432)),
            ("9999999998", Some(9_999_999_998)),
            ("\"9999999998\"", Some(9_999_999_998)),
            ("30.0", Some(30)),
            ("\"30.0\"", Some(30)),
            ("1e3", Some(1000)),
            ("\"9223372036854775807\"", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
        ] {
            assert_eq!(of::<Option<i64>>(json).unwrap(), number, "{json}");
            assert_eq!(of::<i64>(json).unwrap(), number.unwrap_or_default(), "{json}");
        }
        for json in ["30.5", "\"30.5\"", "18446744073709551615", "9223372036854775808.0", "1e300", "false", "[]"] {
            assert!(of::<Option<i64>>(json).unwrap_err().to_string().contains("expected an integer"), "{json}");
        }
        assert_eq!(of::<Option<u32>>("4294967295").unwrap(), Some(u32::MAX));
        assert_eq!(of::<Option<u32>>("\"512\"").unwrap(), Some(512));
        assert!(of::<Option<u32>>("4294967296").is_err());
        assert!(of::<u32>("-1").is_err());
        assert_eq!(of::<u32>("null").unwrap(), 0);
    }

    #[test]
    fn texts_and_booleans() {
        assert_eq!(of::<String>("null").unwrap(), "");
        assert_eq!(of::<Option<String>>("null").unwrap(), None);
        assert_eq!(of::<Option<String>>("\"\\u00e4\"").unwrap().as_deref(), Some("ä"));
        assert_eq!(of::<String>("12").unwrap(), "12");
        assert_eq!(of::<String>("-0.5").unwrap(), "-0.5");
        assert_eq!(of::<Option<bool>>("false").unwrap(), Some(false));
        assert!(!of::<bool>("null").unwrap());
        for json in ["true", "[\"a\"]", "{}"] {
            assert!(of::<String>(json).unwrap_err().to_string().contains("expected a string"), "{json}");
        }
        assert!(of::<bool>("1").unwrap_err().to_string().contains("expected a boolean"));
    }

    #[test]
    fn lists() {
        assert_eq!(of::<Option<Vec<i64>>>("null").unwrap(), None);
        assert!(of::<Vec<i64>>("null").unwrap().is_empty());
        assert_eq!(of::<Vec<i64>>("[null,1,null,2]").unwrap(), [1, 2]);
        assert_eq!(of::<Option<Vec<Vec<String>>>>("[[],[\"a\"]]").unwrap().unwrap(), [vec![], vec!["a".to_owned()]]);
        assert!(of::<Vec<i64>>("{}").unwrap_err().to_string().contains("expected a list"));
        assert!(of::<Vec<i64>>("[true]").is_err());
    }

    #[derive(Debug, Default)]
    struct Lenient {
        flags: Vec<bool>,
        number: Option<i64>,
    }

    crate::models::record::read! { Lenient { flags = "flags", number = "number", } lenient: true; }

    #[test]
    fn what_a_lenient_record_refuses_is_passed_over_like_null() {
        let read: Lenient = of(r#"{"flags":[true,"x",[1],{"a":1},null,false],"number":{"a":[]}}"#).unwrap();
        assert_eq!((read.flags, read.number), (vec![true, false], None));
        let read: Lenient = of(r#"{"flags":"x","number":[1,2]}"#).unwrap();
        assert_eq!((read.flags, read.number), (vec![], None));
    }

    #[test]
    fn anything() {
        let text = |text: &str| Loose::Text(text.to_owned());
        for (json, value) in [
            ("null", Loose::Null),
            ("true", Loose::Bool),
            ("\"x\"", text("x")),
            ("-7", text("-7")),
            ("0.5", text("0.5")),
            ("18446744073709551615", text("18446744073709551615")),
            ("[]", Loose::List(None)),
            ("[null]", Loose::List(Some(Box::new(Loose::Null)))),
            ("[1,[2],{}]", Loose::List(Some(Box::new(text("1"))))),
            ("{}", Loose::Map(Vec::new())),
        ] {
            assert_eq!(of::<Loose>(json).unwrap(), value, "{json}");
        }
        let mut map = of::<Loose>(r#"{"a":1,"b":{"c":[{"d":null}]}}"#).unwrap();
        assert_eq!(
            (map.field("a"), map.field("x"), map.field("b").field("c").field("d")),
            (text("1"), Loose::Null, Loose::Null)
        );
        assert_eq!(Loose::Null.field("a"), Loose::Null);
    }

    /// As `serde_json` gives numbers with its feature `arbitrary_precision`.
    #[test]
    fn numbers_that_come_as_objects() {
        let number = |text: &str| json!({EXACT_NUMBER: text});
        assert_eq!(read::<_, Option<f64>>(number("7.25")).unwrap(), Some(7.25));
        assert_eq!(read::<_, Option<i64>>(number("12")).unwrap(), Some(12));
        assert_eq!(read::<_, u32>(number("12")).unwrap(), 12);
        assert_eq!(read::<_, Loose>(number("1.50")).unwrap(), Loose::Text("1.50".to_owned()));
        assert!(read::<_, u32>(number("-1")).is_err());
        assert_eq!(read::<_, Loose>(number("x")).unwrap(), Loose::Map(Vec::new()));
        assert!(read::<_, Option<String>>(number("x")).is_err());
        assert!(read_some::<_, crate::models::GeneratedImage>(number("1.5")).is_err());
        assert!(read::<_, Vec<crate::models::GeneratedImage>>(json!([number("1.5")])).is_err());
        let job = json!({"generationId": "g", "apiCreditCost": number("5"), "cost": number("5")});
        let job = read_some::<_, crate::models::GenerationJob>(job).unwrap();
        assert_eq!((job.api_credit_cost, job.cost), (Some(5.0), None));
        let other = json!({EXACT_NUMBER: "1.5", "id": "i"});
        assert_eq!(read_some::<_, crate::models::GeneratedImage>(other).unwrap().id.as_str(), "i");
        assert!(read::<_, Option<f64>>(json!({"x": 1})).is_err());
    }

    #[test]
    fn floats_go_out_as_in_javascript() {
        for (number, json) in [
            (7.0, "7"),
            (-7.0, "-7"),
            (-0.0, "0"),
            (0.55, "0.55"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e300, "1e+300"),
        ] {
            let text = serde_json::to_string(&Some(number).out()).unwrap();
            assert_eq!(text.replace("e300", "e+300"), json);
        }
        assert_eq!(serde_json::to_string(&None::<f64>.out()).unwrap(), "null");
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            // Nor is the rest written as if nothing had happened.
            let error = serde_json::to_string(&vec![1.0, number, 2.0].out()).unwrap_err();
            assert!(error.to_string().contains("is not a finite number"));
        }
    }
}
