//! Where values go.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Fragment;
use super::number::{decimal, float};

/// The fields of a request that its struct does not have, under their names on the wire.
pub(crate) type Extra = Map<String, Value>;

/// What an allocation takes beside its content, and a number as text.
pub(super) const SMALL: usize = 32;

/// What is found where a place is to be filled. Of a list and an object, only that it is one.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    /// Responses leave a place as it is instead, unless what it took last turned out to be of no use.
    Null,
    Bool(bool),
    Int(i64),
    /// Only for what does not fit an `i64`.
    Large(u64),
    Float(f64),
    Text(&'a str),
    List,
    Object,
}

/// What a place makes of it.
pub(crate) enum Outcome<'a> {
    /// It is taken, or of no interest.
    Done,
    /// It is taken, although it is not what is wanted; requests refuse it.
    Converted(&'static str),
    /// It is not what is wanted.
    Mismatch(&'static str),
    /// The object's fields are to be read.
    Record(&'a mut dyn Record),
    /// The list's items are to be read.
    List(&'a mut dyn List),
}

/// Where a value goes. One that is never filled stays as it is.
pub(crate) trait Decode {
    /// What is there before anything is read.
    fn empty() -> Self
    where
        Self: Sized;

    fn set(&mut self, input: Input<'_>) -> Outcome<'_>;

    /// Whether `null` in a list is an item like any other.
    fn keeps_null(&self) -> bool {
        false
    }

    /// The id in what was taken so far, if it has one.
    fn id(&self) -> Option<Cow<'_, str>> {
        None
    }
}

/// Places with names. `#[derive(Model)]` implements it.
pub(crate) trait Record {
    /// What is there before anything is read.
    fn empty() -> Self
    where
        Self: Sized;

    /// `None` for a name that it does not have.
    fn place(&mut self, name: &str) -> Option<&mut dyn Decode>;

    /// Where requests keep the fields that they do not have.
    fn extra(&mut self) -> Option<&mut Extra> {
        None
    }

    /// What a place costs of the [`Budget`](super::Budget), where it is made for the name.
    fn place_cost(&self) -> usize {
        0
    }

    /// The fields that must be there, by their order.
    fn required(&self, _index: usize) -> Option<Required<'_>> {
        None
    }
}

/// A field that must be there.
pub(crate) struct Required<'a> {
    pub(crate) name: &'static str,
    /// In a response, what was read: a text that is not to be blank, or a number that is not to be 0.
    pub(crate) value: Fragment<'a>,
}

pub(super) fn all_required(record: &dyn Record) -> impl Iterator<Item = Required<'_>> {
    (0..).map_while(|index| record.required(index))
}

/// The first field that must be there and is not.
pub(crate) fn missing(record: &dyn Record) -> Option<&'static str> {
    all_required(record).find(Required::is_blank).map(|field| field.name)
}

impl Required<'_> {
    pub(super) fn is_blank(&self) -> bool {
        match self.value {
            Fragment::Text(text) => text.trim_ascii().is_empty(),
            Fragment::Int(number) => number == 0,
            _ => true,
        }
    }
}

/// The first id of a response that was read.
fn id(record: &dyn Record) -> Option<Cow<'_, str>> {
    match all_required(record).find(|field| !field.is_blank())?.value {
        Fragment::Text(text) => Some(text.into()),
        Fragment::Int(number) => Some(number.to_string().into()),
        _ => None,
    }
}

impl<T: Record> Decode for T {
    fn empty() -> Self {
        Record::empty()
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        if let Input::Object = input { Outcome::Record(self) } else { Outcome::Mismatch("an object") }
    }

    fn id(&self) -> Option<Cow<'_, str>> {
        id(self)
    }
}

impl<T: Record> Decode for Option<T> {
    fn empty() -> Self {
        None
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        match input {
            Input::Object => Outcome::Record(self.insert(T::empty())),
            Input::Null => {
                *self = None;
                Outcome::Done
            }
            _ => Outcome::Mismatch("an object"),
        }
    }
}

/// Places in a row.
pub(crate) trait List {
    /// A place for the next item, and what it costs of the [`Budget`](super::Budget); `None` if no more are of interest.
    fn next(&mut self) -> Option<(&mut dyn Decode, usize)>;

    /// The item was `null`, or refused: its place is not needed.
    fn take_back(&mut self);
}

impl<T: Decode> List for Vec<T> {
    fn next(&mut self) -> Option<(&mut dyn Decode, usize)> {
        // There is room for four at first, and for twice as many whenever it is used up.
        let cost = if self.is_empty() { 4 } else { 2 } * size_of::<T>();
        self.push(T::empty());
        self.last_mut().map(|item| (item as _, cost))
    }

    fn take_back(&mut self) {
        if self.last().is_some_and(T::keeps_null) {
            return;
        }
        self.pop();
        if self.is_empty() {
            *self = Vec::new();
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn empty() -> Self {
        Vec::new()
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        match input {
            Input::List => {
                self.clear();
                Outcome::List(self)
            }
            _ => Outcome::Mismatch("a list"),
        }
    }

    fn id(&self) -> Option<Cow<'_, str>> {
        self.first()?.id()
    }
}

impl<T: Decode> Decode for Option<Vec<T>> {
    fn empty() -> Self {
        None
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        match input {
            Input::List => Outcome::List(self.insert(Vec::new())),
            Input::Null => {
                *self = None;
                Outcome::Done
            }
            _ => Outcome::Mismatch("a list"),
        }
    }
}

/// Whatever JSON there is.
impl Decode for Value {
    fn empty() -> Self {
        Self::Null
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        *self = match input {
            Input::Null => Self::Null,
            Input::Bool(value) => value.into(),
            Input::Int(number) => number.into(),
            Input::Large(number) => number.into(),
            Input::Float(number) => number.into(),
            Input::Text(text) => text.into(),
            Input::List => Self::Array(Vec::new()),
            Input::Object => Self::Object(Map::new()),
        };
        match self {
            Self::Array(list) => Outcome::List(list),
            Self::Object(fields) => Outcome::Record(fields),
            _ => Outcome::Done,
        }
    }

    fn keeps_null(&self) -> bool {
        self.is_null()
    }
}

impl Decode for Option<Value> {
    fn empty() -> Self {
        None
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        match input {
            Input::Null => {
                *self = None;
                Outcome::Done
            }
            input => self.insert(Value::Null).set(input),
        }
    }
}

/// An object of any fields.
impl Record for Map<String, Value> {
    fn empty() -> Self {
        Self::new()
    }

    fn place(&mut self, name: &str) -> Option<&mut dyn Decode> {
        Some(self.entry(name).or_insert(Value::Null))
    }

    /// A name, a value, and as much again, since the nodes of the map are half full at worst.
    fn place_cost(&self) -> usize {
        2 * (size_of::<String>() + size_of::<Value>()) + SMALL
    }
}

/// Not what was wanted.
#[derive(Debug)]
pub(crate) struct Refused;

impl<'a> Input<'a> {
    /// Text, or a whole number as text: what may be a name. Of other numbers not every digit is known. `Ok(None)` for
    /// `null`.
    pub(crate) fn name(self) -> Result<Option<Cow<'a, str>>, Refused> {
        Ok(Some(match self {
            Self::Text(text) => text.into(),
            Self::Int(number) => number.to_string().into(),
            Self::Large(number) => number.to_string().into(),
            Self::Null => return Ok(None),
            _ => return Err(Refused),
        }))
    }

    /// Text, or a number as text; `Ok(None)` for `null`.
    pub(crate) fn text(self) -> Result<Option<Cow<'a, str>>, Refused> {
        if let Self::Float(number) = self { Ok(Some(decimal(number).ok_or(Refused)?.into())) } else { self.name() }
    }

    /// A finite number; `Ok(None)` for `null` and blank text.
    pub(super) fn float(self) -> Result<Option<f64>, Refused> {
        let number = match self {
            Self::Int(number) => number as f64,
            Self::Large(number) => number as f64,
            Self::Float(number) => number,
            Self::Text(text) => match text.trim_ascii() {
                "" => return Ok(None),
                text => float(text).ok_or(Refused)?,
            },
            Self::Null => return Ok(None),
            _ => return Err(Refused),
        };
        if number.is_finite() { Ok(Some(number)) } else { Err(Refused) }
    }

    /// A whole number, however it is written; `Ok(None)` for `null` and blank text.
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

    pub(super) fn u32(self) -> Result<Option<u32>, Refused> {
        self.int()?.map(u32::try_from).transpose().map_err(|_| Refused)
    }

    /// `Ok(None)` for `null`.
    pub(super) fn bool(self) -> Result<Option<bool>, Refused> {
        match self {
            Self::Bool(value) => Ok(Some(value)),
            Self::Null => Ok(None),
            _ => Err(Refused),
        }
    }

    /// What passes for a boolean in a response.
    pub(super) fn as_bool(self) -> Option<bool> {
        match self {
            Self::Int(0) | Self::Text("0" | "false") => Some(false),
            Self::Int(1) | Self::Text("1" | "true") => Some(true),
            _ => None,
        }
    }
}
