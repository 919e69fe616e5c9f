//! Whatever comes is read into places.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::input::{Decode, Input, List, Outcome, Record, SMALL, all_required, missing};
use super::number::{float, is_number};

/// The name under which `serde_json` hands over numbers when any crate of the build asks it for arbitrary precision.
pub(super) const EXACT_NUMBER: &str = "$serde_json::private::Number";

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

/// Reads a response, which must not be `null`. What is within it may be of any kind.
pub(crate) fn read_response<'de, D: Deserializer<'de>, T: Decode>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::empty();
    read_into::<false, D>(deserializer, &mut value)?;
    Ok(value)
}

/// Reads a request, which must not be `null`. Nothing is passed over.
pub(crate) fn read_request<'de, D: Deserializer<'de>, T: Decode>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::empty();
    read_into::<true, D>(deserializer, &mut value)?;
    Ok(value)
}

/// Both of them, once for all types.
pub(crate) fn read_into<'de, const STRICT: bool, D: Deserializer<'de>>(
    deserializer: D,
    place: &mut dyn Decode,
) -> Result<(), D::Error> {
    let budget = Budget::unlimited();
    match deserializer.deserialize_any(Fill::<STRICT> { place, top: true, budget: &budget })? {
        Filled::Null => Err(D::Error::custom("invalid type: null, expected a value")),
        _ => Ok(()),
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
    fn new(wanted: &'static str, input: Input<'_>) -> Self {
        let found = match input {
            Input::Null => "null",
            Input::Bool(_) => "a boolean",
            Input::Int(_) | Input::Large(_) | Input::Float(_) => "a number",
            Input::Text(_) => "a string",
            Input::List => "a list",
            Input::Object => "an object",
        };
        Self { wanted, found }
    }

    fn incomplete(wanted: &'static str) -> Self {
        Self { wanted, found: "nothing" }
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
    fn new(_: &'static str, _: Input<'_>) -> Self {
        Self {}
    }

    fn incomplete(_: &'static str) -> Self {
        Self {}
    }
}

/// Reads whatever comes into a place. A program that reads no requests has nothing of what is `STRICT`.
pub(crate) struct Fill<'a, const STRICT: bool = false> {
    place: &'a mut dyn Decode,
    /// Whether this is the whole value, which must be what is wanted in a response too.
    top: bool,
    budget: &'a Budget,
}

impl<'a> Fill<'a> {
    /// It is an error if the place refuses the value; what is within the value may be refused.
    pub(crate) fn new(place: &'a mut dyn Decode, budget: &'a Budget) -> Self {
        Self { place, top: true, budget }
    }

    /// A value that may be refused.
    pub(crate) fn within(place: &'a mut dyn Decode, budget: &'a Budget) -> Self {
        Self { place, top: false, budget }
    }
}

impl<const STRICT: bool> Fill<'_, STRICT> {
    /// `cost` is what a place may keep of it.
    #[inline]
    fn set<E: Error>(self, input: Input<'_>, cost: usize) -> Result<Filled, E> {
        self.budget.charge(cost)?;
        match self.place.set(input) {
            Outcome::Mismatch(wanted) => self.refused(input, wanted),
            Outcome::Converted(wanted) if STRICT => Err(mismatch(input, wanted)),
            _ => Ok(Filled::Taken),
        }
    }

    #[cold]
    fn refused<E: Error>(self, input: Input<'_>, wanted: &'static str) -> Result<Filled, E> {
        if STRICT || self.top {
            return Err(mismatch(input, wanted));
        }
        if let Some(value) = input.as_bool() {
            if let Outcome::Done = self.place.set(Input::Bool(value)) {
                return Ok(Filled::Taken);
            }
        }
        Ok(Filled::Refused(Mismatch::new(wanted, input)))
    }
}

/// How much of a text an error quotes, in characters. More than is shown, so that no part of a key is left at the end.
const QUOTED: usize = 4096;

#[cold]
pub(crate) fn mismatch<E: Error>(input: Input<'_>, wanted: &str) -> E {
    E::custom(format_args!("invalid value: {input}, expected {wanted}"))
}

/// What is there instead, in the words of serde_json. Its own are not asked for: they have floating point numbers formatted by
/// the standard library, which is 16 KiB of a module for a browser.
impl fmt::Display for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Input::Null => f.write_str("null"),
            Input::Bool(value) => write!(f, "boolean `{value}`"),
            Input::Int(number) => write!(f, "integer `{number}`"),
            Input::Large(number) => write!(f, "integer `{number}`"),
            Input::Float(number) => match serde_json::Number::from_f64(number) {
                Some(number) => write!(f, "floating point `{number}`"),
                None => f.write_str("a number that is too large"),
            },
            // Escaped, all of a text may be several times as long.
            Input::Text(text) => {
                let end = text.char_indices().nth(QUOTED).map_or(text.len(), |(at, _)| at);
                write!(f, "string {:?}", &text[..end])
            }
            Input::List => f.write_str("sequence"),
            Input::Object => f.write_str("map"),
        }
    }
}

impl<'de, const STRICT: bool> DeserializeSeed<'de> for Fill<'_, STRICT> {
    type Value = Filled;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Filled, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, const STRICT: bool> Visitor<'de> for Fill<'_, STRICT> {
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
        self.set(Input::Bool(value), 0)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Filled, E> {
        self.set(Input::Int(number), SMALL)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Filled, E> {
        self.set(i64::try_from(number).map_or(Input::Large(number), Input::Int), SMALL)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Filled, E> {
        // As text, the smallest numbers have more than 300 digits.
        let usual = number == 0.0 || (1e-5..1e16).contains(&number.abs());
        self.set(Input::Float(number), if usual { SMALL } else { 512 })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Filled, E> {
        self.set(Input::Text(text), text.len() + SMALL)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Filled, A::Error> {
        let Self { place, top, budget } = self;
        let filled = match place.set(Input::List) {
            Outcome::List(list) => {
                let mut filled = Filled::Taken;
                while let Some(refused) = items.next_element_seed(Item::<STRICT> { list, budget })? {
                    if let Some(mismatch) = refused {
                        filled = Filled::Partly(mismatch);
                    }
                }
                return Ok(filled);
            }
            Outcome::Mismatch(wanted) if STRICT || top => return Err(mismatch(Input::List, wanted)),
            Outcome::Mismatch(wanted) => Filled::Refused(Mismatch::new(wanted, Input::List)),
            _ => Filled::Taken,
        };
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(filled)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Filled, A::Error> {
        let budget = self.budget;
        let (mut nowhere, mut refused) = (Nowhere, None);
        let record: &mut dyn Record = match self.place.set(Input::Object) {
            Outcome::Record(record) => record,
            outcome => {
                refused = if let Outcome::Mismatch(wanted) = outcome { Some(wanted) } else { None };
                &mut nowhere
            }
        };
        let place_cost = record.place_cost();
        let (mut fields, mut number, mut name) = (0, None, String::new());
        let mut seen = Vec::new();
        while let Some(field) = map.next_key_seed(FieldOf::<STRICT> { record, name: &mut name })? {
            fields += 1;
            if STRICT && seen.contains(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            match field {
                Field::Decode(place) => {
                    budget.charge(place_cost)?;
                    let filled = map.next_value_seed(Fill::<STRICT> { place: &mut *place, top: false, budget })?;
                    if !STRICT {
                        filled.report(&name, budget);
                    } else if let Filled::Null = filled {
                        if let Outcome::Mismatch(wanted) = place.set(Input::Null) {
                            return Err(mismatch(Input::Null, wanted));
                        }
                    }
                }
                Field::Number => {
                    let mut text = String::new();
                    map.next_value_seed(Fill::<false> { place: &mut text, top: false, budget })?;
                    number = Some(text).filter(|text| is_number(text));
                }
                Field::Other if STRICT && refused.is_none() => {
                    let Some(extra) = record.extra() else {
                        return Err(A::Error::custom(format_args!("unknown field `{name}`")));
                    };
                    extra.insert(name.clone(), map.next_value()?);
                }
                Field::Other => _ = map.next_value::<IgnoredAny>()?,
            }
            if STRICT {
                seen.push(name.clone());
            }
        }
        // Nothing but a number is handed over so; an object with this name and others is an object.
        if let (1, Some(number)) = (fields, number) {
            self.place.set(Input::Null);
            // Of a text, requests would not tell it apart.
            let input = if STRICT { parsed(&number) } else { Input::Text(&number) };
            return self.set(input, number.len() + SMALL);
        }
        if let Some(wanted) = refused {
            if STRICT || self.top {
                return Err(mismatch(Input::Object, wanted));
            }
            return Ok(Filled::Refused(Mismatch::new(wanted, Input::Object)));
        }
        if STRICT {
            let missing = all_required(record).find(|field| seen.iter().all(|name| name != field.name));
            return missing.map_or(Ok(Filled::Taken), |field| Err(A::Error::missing_field(field.name)));
        }
        let Some(name) = missing(record) else {
            return Ok(Filled::Taken);
        };
        if self.top {
            return Err(A::Error::custom(format_args!("`{name}` is missing or blank")));
        }
        self.place.set(Input::Null);
        Ok(Filled::Refused(Mismatch::incomplete(name)))
    }
}

/// A number with as many digits as are needed to tell whether it fits.
fn parsed(number: &str) -> Input<'_> {
    if let Ok(number) = number.parse() {
        Input::Int(number)
    } else if let Ok(number) = number.parse() {
        Input::Large(number)
    } else {
        Input::Float(float(number).unwrap_or(f64::INFINITY))
    }
}

/// For an object that is passed over.
struct Nowhere;

impl Record for Nowhere {
    fn empty() -> Self {
        Self
    }

    fn place(&mut self, _: &str) -> Option<&mut dyn Decode> {
        None
    }
}

/// What a name of an object stands for.
enum Field<'a> {
    Decode(&'a mut dyn Decode),
    /// The object is a number: no record has this name.
    Number,
    Other,
}

/// Finds out what a name stands for. The name itself is kept only where it is of use.
struct FieldOf<'a, 'n, const STRICT: bool> {
    record: &'a mut dyn Record,
    name: &'n mut String,
}

impl<'de, 'a, const STRICT: bool> DeserializeSeed<'de> for FieldOf<'a, '_, STRICT> {
    type Value = Field<'a>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field<'a>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'a, const STRICT: bool> Visitor<'_> for FieldOf<'a, '_, STRICT> {
    type Value = Field<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Field<'a>, E> {
        if STRICT {
            self.name.clear();
            self.name.push_str(name);
        }
        if name == EXACT_NUMBER {
            return Ok(Field::Number);
        }
        let Some(place) = self.record.place(name) else { return Ok(Field::Other) };
        if cfg!(feature = "tracing") && !STRICT {
            self.name.clear();
            self.name.push_str(name);
        }
        Ok(Field::Decode(place))
    }
}

/// Reads one item of a list, and tells if it was refused.
struct Item<'a, const STRICT: bool> {
    list: &'a mut dyn List,
    budget: &'a Budget,
}

impl<'de, const STRICT: bool> DeserializeSeed<'de> for Item<'_, STRICT> {
    type Value = Option<Mismatch>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Mismatch>, D::Error> {
        let Self { list, budget } = self;
        let before = budget.left.get();
        let Some((place, cost)) = list.next() else {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(None);
        };
        budget.charge(cost)?;
        let refused = match deserializer.deserialize_any(Fill::<STRICT> { place, top: false, budget })? {
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
