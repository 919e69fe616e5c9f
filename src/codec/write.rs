//! Values as they go out.

use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Number, Value};

use super::Extra;

/// A value on its way out.
#[derive(Clone, Copy)]
pub(crate) enum Fragment<'a> {
    /// Nothing, which is written as `null`.
    None,
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

/// A type that the wire has a form for.
pub(crate) trait Encode {
    fn fragment(&self) -> Fragment<'_>;
}

/// Values with names. `#[derive(Model)]` implements it.
pub(crate) trait Fields {
    /// Those that the type has. Those of a request that are `None` are left out.
    fn own(&self, put: &mut dyn FnMut(&str, &dyn Encode));

    /// Those that it has not.
    fn extra(&self) -> Option<&Extra> {
        None
    }
}

/// Puts all fields of a record.
pub(crate) fn each(record: &dyn Fields, put: &mut dyn FnMut(&str, &dyn Encode)) {
    record.own(put);
    if let Some(extra) = record.extra() {
        extra.own(put);
    }
}

/// Puts a field if it is there. Not inlined, as it is called for most fields of all requests.
#[inline(never)]
pub(crate) fn put_some<T: Encode>(put: &mut dyn FnMut(&str, &dyn Encode), name: &str, value: &Option<T>) {
    if let Some(value) = value {
        put(name, value);
    }
}

/// Values in a row.
pub(crate) trait Items {
    fn each(&self, put: &mut dyn FnMut(Fragment<'_>));
}

macro_rules! encodes {
    ($($type:ty: |$value:ident| $fragment:expr;)+) => {$(
        impl Encode for $type {
            fn fragment(&self) -> Fragment<'_> {
                let $value = self;
                $fragment
            }
        }
    )+};
}

encodes! {
    bool: |value| Fragment::Bool(*value);
    u32: |value| Fragment::Int((*value).into());
    i64: |value| Fragment::Int(*value);
    f64: |value| Fragment::Float(*value);
    String: |value| Fragment::Text(value);
}

impl Encode for Value {
    fn fragment(&self) -> Fragment<'_> {
        match self {
            Value::Null => Fragment::Null,
            Value::Bool(value) => Fragment::Bool(*value),
            Value::Number(number) => Fragment::Number(number),
            Value::String(text) => Fragment::Text(text),
            Value::Array(list) => Fragment::List(list),
            Value::Object(fields) => Fragment::Record(fields),
        }
    }
}

impl Fields for Extra {
    fn own(&self, put: &mut dyn FnMut(&str, &dyn Encode)) {
        self.iter().for_each(|(name, value)| put(name, value));
    }
}

impl<T: Fields> Encode for T {
    fn fragment(&self) -> Fragment<'_> {
        Fragment::Record(self)
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn fragment(&self) -> Fragment<'_> {
        Fragment::List(self)
    }
}

impl<T: Encode> Encode for Option<T> {
    fn fragment(&self) -> Fragment<'_> {
        self.as_ref().map_or(Fragment::None, T::fragment)
    }
}

impl<T: Encode> Items for Vec<T> {
    fn each(&self, put: &mut dyn FnMut(Fragment<'_>)) {
        self.iter().for_each(|item| put(item.fragment()));
    }
}

impl Serialize for Fragment<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Fragment::None | Fragment::Null => serializer.serialize_none(),
            Fragment::Bool(value) => serializer.serialize_bool(value),
            Fragment::Int(number) => serializer.serialize_i64(number),
            Fragment::Float(number) => write_float(number, serializer),
            Fragment::Text(text) => serializer.serialize_str(text),
            Fragment::Record(record) => write(record, serializer),
            Fragment::List(list) => {
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
            Fragment::Number(number) => number.serialize(serializer),
        }
    }
}

/// Writes a record.
pub(crate) fn write<S: Serializer>(record: &dyn Fields, serializer: S) -> Result<S::Ok, S::Error> {
    let mut written = serializer.serialize_map(None)?;
    let mut result = Ok(());
    each(record, &mut |name, value| {
        if result.is_ok() {
            result = written.serialize_entry(name, &value.fragment());
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
        // There are three of them, for which no formatting of numbers is linked.
        let name = if number.is_nan() { "NaN" } else { ["-inf", "inf"][usize::from(number > 0.0)] };
        Err(S::Error::custom(format_args!("{name} is not a finite number")))
    } else if number.fract() == 0.0 && number.abs() <= EXACT {
        serializer.serialize_i64(number as i64)
    } else {
        serializer.serialize_f64(number)
    }
}
