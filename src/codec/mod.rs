//! Values as they come in and as they go out.
//!
//! Serde's derive compiles the reading of a field once for each record that has one and for each type of field in it.
//! Here a field is a [`Slot`], and one visitor, [`Fill`], asks slots what they make of what it finds; in the other
//! direction every value becomes an [`Out`]. What is compiled for each record is little more than its table of names.
//!
//! All slots are tolerant in the same way: `null` is passed over, numbers may come as text, and texts as numbers (names,
//! such as ids, as whole numbers only). Within a record, what a slot refuses is passed over too, and reported: what one
//! field holds must not hide the others.

#[cfg(feature = "client")]
pub(crate) mod decode;
pub(crate) mod open_enum;
pub(crate) mod record;

use std::borrow::Cow;
use std::cell::Cell;
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

    /// The id in what was taken so far, if it has one.
    fn id(&self) -> Option<&str> {
        None
    }
}

/// Slots with names.
pub(crate) trait Record {
    /// `None` for a name that is of no interest.
    fn slot(&mut self, name: &str) -> Option<&mut dyn Slot>;

    /// Called after the last field.
    fn end(&mut self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Slots in a row.
pub(crate) trait List {
    /// A slot for the next item, and what it costs of the [`Budget`]; `None` if no more are of interest.
    fn next(&mut self) -> Option<(&mut dyn Slot, usize)>;

    /// The item was `null`, or refused: its slot is not needed.
    fn take_back(&mut self);
}

/// How much memory may still be filled, in bytes. A response can be many times as large decoded as it is on the wire.
pub(crate) struct Budget {
    /// 0 once it was exceeded.
    left: Cell<usize>,
    #[cfg(feature = "tracing")]
    reports: Cell<u32>,
}

impl Budget {
    pub(crate) const fn new(bytes: usize) -> Self {
        Self {
            left: Cell::new(bytes.saturating_add(1)),
            #[cfg(feature = "tracing")]
            reports: Cell::new(MAX_REPORTS),
        }
    }

    pub(crate) const fn unlimited() -> Self {
        Self::new(usize::MAX)
    }

    pub(crate) fn is_exceeded(&self) -> bool {
        self.left.get() == 0
    }

    #[inline]
    fn charge<E: Error>(&self, cost: usize) -> Result<(), E> {
        let left = self.left.get();
        if cost < left {
            self.left.set(left - cost);
            return Ok(());
        }
        self.left.set(0);
        Err(exceeded())
    }
}

#[cold]
fn exceeded<E: Error>() -> E {
    E::custom("it takes more memory than it may")
}

/// Reads a value that may be `null`, which is the empty one. Nothing is passed over, so this is for requests.
pub(crate) fn read<'de, D: Deserializer<'de>, T: Slot + Default>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::default();
    let fill = Fill { slot: &mut value, strict: Strict::Items, budget: &Budget::unlimited() };
    deserializer.deserialize_any(fill)?;
    Ok(value)
}

/// Reads a record, which must not be `null`.
pub(crate) fn read_some<'de, D: Deserializer<'de>, T: Slot + Default>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::default();
    match deserializer.deserialize_any(Fill::new(&mut value, &Budget::unlimited()))? {
        Filled::Null => Err(D::Error::invalid_type(Unexpected::Unit, &"a value")),
        _ => Ok(value),
    }
}

/// Reads a text, also in formats that do not tell what comes.
pub(crate) fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let mut text = String::new();
    deserializer.deserialize_str(Fill::new(&mut text, &Budget::unlimited()))?;
    Ok(text)
}

/// What became of a value.
pub(crate) enum Filled {
    Null,
    Taken,
    /// It is a list, of which items were refused, this one last.
    Partly(Mismatch),
    Refused(Mismatch),
}

impl Filled {
    /// Reports what was refused, under the name that its field has on the wire.
    #[cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "there is nowhere to report it"))]
    pub(crate) fn report(&self, field: &str, budget: &Budget) {
        #[cfg(feature = "tracing")]
        if let Self::Partly(mismatch) | Self::Refused(mismatch) = self {
            mismatch.report(field, budget);
        }
    }
}

/// What was wanted, and what was found instead. Nothing at all in a build that does not report it.
#[derive(Clone, Copy)]
pub(crate) struct Mismatch {
    #[cfg(feature = "tracing")]
    wanted: &'static str,
    #[cfg(feature = "tracing")]
    found: &'static str,
}

/// The most that is reported of one response.
#[cfg(feature = "tracing")]
const MAX_REPORTS: u32 = 20;

#[cfg(feature = "tracing")]
impl Mismatch {
    fn new(wanted: &'static str, given: Given<'_>) -> Self {
        let found = match given {
            Given::Nothing => "null",
            Given::Bool(_) => "a boolean",
            Given::Int(_) | Given::Large(_) | Given::Float(_) => "a number",
            Given::Text(_) => "a string",
            Given::List => "a list",
            Given::Object => "an object",
        };
        Self { wanted, found }
    }

    fn incomplete(found: &'static str) -> Self {
        Self { wanted: "a complete record", found }
    }

    #[cold]
    fn report(self, field: &str, budget: &Budget) {
        if let Some(reports) = budget.reports.get().checked_sub(1) {
            budget.reports.set(reports);
            let Self { wanted, found } = self;
            tracing::warn!(field, wanted, found, "a field of the response is of an unexpected kind and left empty");
        }
    }
}

#[cfg(not(feature = "tracing"))]
impl Mismatch {
    fn new(_: &'static str, _: Given<'_>) -> Self {
        Self {}
    }

    fn incomplete(_: &'static str) -> Self {
        Self {}
    }
}

/// What is an error instead of being passed over. Within a record, nothing is.
#[derive(Clone, Copy, PartialEq)]
enum Strict {
    No,
    /// If the slot refuses the value.
    Value,
    /// That, and if a list's slots refuse its items.
    Items,
}

/// Reads whatever comes into a slot.
pub(crate) struct Fill<'a> {
    slot: &'a mut dyn Slot,
    strict: Strict,
    budget: &'a Budget,
}

impl<'a> Fill<'a> {
    /// It is an error if the slot refuses the value; what is within the value may be refused.
    pub(crate) fn new(slot: &'a mut dyn Slot, budget: &'a Budget) -> Self {
        Self { slot, strict: Strict::Value, budget }
    }

    /// `cost` is what a slot may keep of it.
    #[inline]
    fn give<E: Error>(self, given: Given<'_>, cost: usize) -> Result<Filled, E> {
        self.budget.charge(cost)?;
        match self.slot.take(given) {
            Taken::Refused(wanted) => self.refused(given, wanted),
            _ => Ok(Filled::Taken),
        }
    }

    #[cold]
    fn refused<E: Error>(self, given: Given<'_>, wanted: &'static str) -> Result<Filled, E> {
        if self.strict != Strict::No {
            return Err(refusal(given, wanted));
        }
        if let Some(value) = given.as_bool() {
            if let Taken::Done = self.slot.take(Given::Bool(value)) {
                return Ok(Filled::Taken);
            }
        }
        Ok(Filled::Refused(Mismatch::new(wanted, given)))
    }
}

/// How much of a text an error quotes, in characters. More than is shown, so that no part of a key is left at the end.
const QUOTED: usize = 4096;

#[cold]
pub(crate) fn refusal<E: Error>(given: Given<'_>, wanted: &str) -> E {
    let found = match given {
        Given::Nothing => Unexpected::Unit,
        Given::Bool(value) => Unexpected::Bool(value),
        Given::Int(number) => Unexpected::Signed(number),
        Given::Large(number) => Unexpected::Unsigned(number),
        Given::Float(number) => Unexpected::Float(number),
        // Escaped, all of a text may be several times as long.
        Given::Text(text) => {
            let end = text.char_indices().nth(QUOTED).map_or(text.len(), |(at, _)| at);
            Unexpected::Str(&text[..end])
        }
        Given::List => Unexpected::Seq,
        Given::Object => Unexpected::Map,
    };
    E::invalid_value(found, &wanted)
}

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = Filled;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Filled, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What an allocation takes beside its content, and a number as text.
const SMALL: usize = 32;

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = Filled;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Filled, E> {
        Ok(Filled::Null)
    }

    fn visit_none<E>(self) -> Result<Filled, E> {
        Ok(Filled::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Filled, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Filled, E> {
        self.give(Given::Bool(value), 0)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Filled, E> {
        self.give(Given::Int(number), SMALL)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Filled, E> {
        self.give(i64::try_from(number).map_or(Given::Large(number), Given::Int), SMALL)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Filled, E> {
        // As text, the smallest numbers have more than 300 digits.
        let usual = number == 0.0 || (1e-5..1e16).contains(&number.abs());
        self.give(Given::Float(number), if usual { SMALL } else { 512 })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Filled, E> {
        self.give(Given::Text(text), text.len() + SMALL)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Filled, A::Error> {
        let Self { slot, strict, budget } = self;
        let filled = match slot.take(Given::List) {
            Taken::List(list) => {
                let strict = if strict == Strict::Items { Strict::Items } else { Strict::No };
                let mut filled = Filled::Taken;
                while let Some(refused) = items.next_element_seed(Item { list, strict, budget })? {
                    if let Some(mismatch) = refused {
                        filled = Filled::Partly(mismatch);
                    }
                }
                return Ok(filled);
            }
            Taken::Refused(wanted) if strict != Strict::No => return Err(refusal(Given::List, wanted)),
            Taken::Refused(wanted) => Filled::Refused(Mismatch::new(wanted, Given::List)),
            _ => Filled::Taken,
        };
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(filled)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Filled, A::Error> {
        let budget = self.budget;
        let (mut nowhere, mut refused) = (Nowhere, None);
        let record: &mut dyn Record = match self.slot.take(Given::Object) {
            Taken::Record(record) => record,
            taken => {
                refused = if let Taken::Refused(wanted) = taken { Some(wanted) } else { None };
                &mut nowhere
            }
        };
        let (mut fields, mut number) = (0, None);
        #[cfg(feature = "tracing")]
        let mut last = String::new();
        loop {
            let name = FieldOf {
                record,
                #[cfg(feature = "tracing")]
                last: &mut last,
            };
            let Some(field) = map.next_key_seed(name)? else { break };
            fields += 1;
            match field {
                Field::Slot(slot) => {
                    let _filled = map.next_value_seed(Fill { slot, strict: Strict::No, budget })?;
                    #[cfg(feature = "tracing")]
                    _filled.report(&last, budget);
                }
                Field::Number => {
                    let mut text = String::new();
                    map.next_value_seed(Fill { slot: &mut text, strict: Strict::No, budget })?;
                    number = Some(text).filter(|text| is_number(text));
                }
                Field::Other => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        // Nothing but a number is handed over so; an object with this name and others is an object.
        if let (1, Some(number)) = (fields, number) {
            self.slot.take(Given::Nothing);
            return self.give(Given::Text(&number), number.len() + SMALL);
        }
        match (record.end(), refused) {
            (Err(reason), _) if self.strict != Strict::No => Err(A::Error::custom(reason)),
            (Err(reason), _) => {
                self.slot.take(Given::Nothing);
                Ok(Filled::Refused(Mismatch::incomplete(reason)))
            }
            (_, Some(wanted)) if self.strict != Strict::No => Err(refusal(Given::Object, wanted)),
            (_, Some(wanted)) => Ok(Filled::Refused(Mismatch::new(wanted, Given::Object))),
            _ => Ok(Filled::Taken),
        }
    }
}

/// Whether a text is a number of JSON.
fn is_number(text: &str) -> bool {
    text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
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

/// Finds out what a name stands for. The name itself is kept only to be reported.
struct FieldOf<'a> {
    record: &'a mut dyn Record,
    #[cfg(feature = "tracing")]
    last: &'a mut String,
}

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
        let Some(slot) = self.record.slot(name) else { return Ok(Field::Other) };
        #[cfg(feature = "tracing")]
        {
            self.last.clear();
            self.last.push_str(name);
        }
        Ok(Field::Slot(slot))
    }
}

/// Reads one item of a list, and tells if it was refused.
struct Item<'a> {
    list: &'a mut dyn List,
    strict: Strict,
    budget: &'a Budget,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = Option<Mismatch>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Mismatch>, D::Error> {
        let Self { list, strict, budget } = self;
        let before = budget.left.get();
        let Some((slot, cost)) = list.next() else {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(None);
        };
        budget.charge(cost)?;
        let refused = match deserializer.deserialize_any(Fill { slot, strict, budget })? {
            Filled::Taken => return Ok(None),
            Filled::Partly(mismatch) => return Ok(Some(mismatch)),
            Filled::Null => None,
            Filled::Refused(mismatch) => Some(mismatch),
        };
        // With the item goes whatever was in it.
        list.take_back();
        budget.left.set(before);
        Ok(refused)
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
    pub(crate) fn text(self) -> Result<Cow<'a, str>, Refused> {
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

    /// What passes for a boolean in a response.
    fn as_bool(self) -> Option<bool> {
        match self {
            Self::Int(0) | Self::Text("0" | "false") => Some(false),
            Self::Int(1) | Self::Text("1" | "true") => Some(true),
            _ => None,
        }
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
        impl $crate::codec::Slot for $type {
            fn take(&mut self, given: $crate::codec::Given<'_>) -> $crate::codec::Taken<'_> {
                use $crate::codec::{Given, Refused, Taken};
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
        $crate::codec::slots! {
            ::core::option::Option<$name>: "a string", |slot, given| *slot = Some((&*given.name()?).into());
        }

        impl $crate::codec::Put for $name {
            fn out(&self) -> $crate::codec::Out<'_> {
                $crate::codec::Out::Text(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                $crate::codec::read_text(deserializer).map(Self::from)
            }
        }
    };
}
pub(crate) use text;

impl<T: Slot + Default> List for Vec<T> {
    fn next(&mut self) -> Option<(&mut dyn Slot, usize)> {
        // There is room for four at first, and for twice as many whenever it is used up.
        let cost = if self.is_empty() { 4 } else { 2 } * size_of::<T>();
        self.push(T::default());
        self.last_mut().map(|item| (item as _, cost))
    }

    fn take_back(&mut self) {
        self.pop();
        if self.is_empty() {
            *self = Vec::new();
        }
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

    fn id(&self) -> Option<&str> {
        self.first()?.id()
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

    #[derive(Debug, Default, PartialEq)]
    struct Part {
        id: String,
        number: Option<i64>,
    }

    crate::codec::record::read! { Part { id = "id", number = "number", } required id: "no id"; }

    #[derive(Debug, Default)]
    struct Whole {
        flags: Vec<bool>,
        number: Option<i64>,
        part: Option<Part>,
        parts: Vec<Part>,
    }

    crate::codec::record::read! {
        Whole { flags = "flags", number = "number", part = "part", parts = "parts", }
    }

    fn record<T: Slot + Default>(json: &str) -> serde_json::Result<T> {
        let read = read_some(&mut serde_json::Deserializer::from_str(json));
        let value: Value = serde_json::from_str(json)?;
        assert_eq!(read_some::<_, T>(value).is_ok(), read.is_ok(), "{json}");
        read
    }

    #[test]
    fn what_a_record_refuses_is_passed_over_like_null() {
        let odd = r#"{"flags":[true,"x",[1],{"a":1},null,false,7],"number":{"a":[]},"new":{}}"#;
        let read: Whole = record(odd).unwrap();
        assert_eq!((read.flags, read.number), (vec![true, false], None));
        let read: Whole = record(r#"{"flags":"x","number":[1,2],"part":[{"id":"a"}],"parts":{}}"#).unwrap();
        assert_eq!((read.flags, read.number, read.part, read.parts), (vec![], None, None, vec![]));

        let part = |id: &str, number| Part { id: id.to_owned(), number };
        let parts = r#"[{"id":"a","number":true},{"number":1},7,{"id":"b","number":2},{"id":{}},[{"id":"c"}]]"#;
        let read: Whole = record(&format!(r#"{{"part":{{"number":7}},"parts":{parts},"number":3}}"#)).unwrap();
        assert_eq!((read.part, read.number), (None, Some(3)));
        assert_eq!(read.parts, [part("a", None), part("b", Some(2))]);

        for json in ["7", "[]", "\"x\"", "null", "true"] {
            assert!(record::<Whole>(json).is_err(), "{json}");
        }
        assert_eq!(record::<Part>("{}").unwrap_err().to_string().split(" at ").next(), Some("no id"));
    }

    #[test]
    fn what_passes_for_a_boolean_in_a_record() {
        let read: Whole = record(r#"{"flags":[1,0,"true","false","1","0",true,2,-1,1.5,"yes","",[],{}]}"#).unwrap();
        assert_eq!(read.flags, [true, false, true, false, true, false, true]);
    }

    #[test]
    fn the_id_of_what_could_not_be_read_to_its_end_is_known() {
        for (json, id) in [
            (r#"{"id":"a","number":1"#, Some("a")),
            (r#"{"number":1,"id":"a","new":"#, Some("a")),
            (r#"{"id":" ","number":1"#, None),
            (r#"{"number":1,"id":"a"#, None),
        ] {
            let mut part = Part::default();
            let budget = Budget::unlimited();
            Fill::new(&mut part, &budget).deserialize(&mut serde_json::Deserializer::from_str(json)).err().unwrap();
            assert_eq!(part.id(), id, "{json}");
            let mut parts = Vec::<Part>::new();
            let json = format!("[{json}");
            Fill::new(&mut parts, &budget).deserialize(&mut serde_json::Deserializer::from_str(&json)).err().unwrap();
            assert_eq!(parts.id(), id, "{json}");
        }
    }

    #[test]
    fn a_budget_bounds_what_is_kept_and_not_what_is_passed_over() {
        let fill = |json: &str, bytes| {
            let (mut whole, budget) = (Whole::default(), Budget::new(bytes));
            let read = Fill::new(&mut whole, &budget).deserialize(&mut serde_json::Deserializer::from_str(json));
            assert_eq!(read.is_err(), budget.is_exceeded(), "{json}");
            read.is_ok()
        };
        let size = size_of::<Part>();
        let parts = |count| format!(r#"{{"parts":[{}]}}"#, vec![r#"{"id":"abc"}"#; count].join(","));
        for count in [1, 2, 10] {
            let cost = (count + 1) * 2 * size + count * (3 + SMALL);
            assert!(fill(&parts(count), cost) && !fill(&parts(count), cost - 1), "{count}");
        }
        let none = |item: &str| format!(r#"{{"parts":[{}]}}"#, vec![item; 1000].join(","));
        for item in ["null", "7", "{}", r#"{"number":1}"#, r#"{"id":[]}"#, r#"{"new":"text"}"#, "[[]]"] {
            assert!(fill(&none(item), 4 * size + SMALL), "{item}");
        }
        assert!(fill(&format!(r#"{{"new":"{}"}}"#, "x".repeat(1000)), 10));
        assert!(!fill(&format!(r#"{{"part":{{"id":"{}"}}}}"#, "x".repeat(1000)), 1000));
    }

    /// As `serde_json` gives numbers with its feature `arbitrary_precision`.
    #[test]
    fn numbers_that_come_as_objects() {
        let number = |text: &str| json!({EXACT_NUMBER: text});
        assert_eq!(read::<_, Option<f64>>(number("7.25")).unwrap(), Some(7.25));
        assert_eq!(read::<_, Option<i64>>(number("12")).unwrap(), Some(12));
        assert_eq!(read::<_, u32>(number("12")).unwrap(), 12);
        assert_eq!(read::<_, String>(number("1.50")).unwrap(), "1.50");
        assert!(read::<_, u32>(number("-1")).is_err());
        assert!(read::<_, Option<String>>(number("x")).is_err());
        assert!(read_some::<_, crate::models::GeneratedImage>(number("1.5")).is_err());
        assert!(read::<_, Vec<crate::models::GeneratedImage>>(json!([number("1.5")])).is_err());
        let job = json!({"generationId": "g", "apiCreditCost": number("5"), "cost": number("5")});
        let job = read_some::<_, crate::models::GenerationJob>(job).unwrap();
        assert_eq!((job.api_credit_cost, job.cost), (Some(5.0), None));
        let flags = read_some::<_, Whole>(json!({"flags": [number("1"), number("0"), number("2")]})).unwrap().flags;
        assert_eq!(flags, [true, false]);
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
