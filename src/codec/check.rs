//! Requests held to what the service documents, before they are sent.
//!
//! `#[derive(Model)]` makes a table of a request's [`Limit`]s out of what stands beside its fields; what looks at such
//! tables is compiled once. None of it is in a program that checks nothing.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::{Encode, Fields, Fragment};

/// One thing in a request that is not as the service documents it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The field, under its name on the wire, such as `num_images` or `controlnets[1].weight`.
    pub field: Cow<'static, str>,
    /// Its value as JSON, in short: of a long text the number of its characters. `not set` if it is not.
    pub value: Cow<'static, str>,
    /// What is documented, such as `must be from 1 to 8`.
    pub bound: Cow<'static, str>,
    /// What to do, such as `lower it to 8`.
    pub advice: Cow<'static, str>,
}

/// As in `num_images: it is 9 and must be from 1 to 8; lower it to 8`.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, bound, advice } = self;
        write!(f, "{field}: it is {value} and {bound}; {advice}")
    }
}

/// Everything in a request that is not as the service documents it: at least one [`Violation`], in the order in which
/// they were found.
///
/// It becomes an [`InvalidRequest`](crate::Error::InvalidRequest) error by `?`, which names the first field and keeps all
/// of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations {
    of: &'static str,
    found: Vec<Violation>,
}

impl Violations {
    /// The violations.
    pub fn as_slice(&self) -> &[Violation] {
        &self.found
    }

    /// Each of the violations.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.found.iter()
    }

    /// What was checked, such as `CreateGenerationRequest::check`.
    pub(crate) fn of(&self) -> &'static str {
        self.of
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

/// One after the other, with a full stop between them.
impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.found.iter().enumerate().try_for_each(|(index, violation)| {
            let between = if index == 0 { "" } else { ". " };
            write!(f, "{between}{violation}")
        })
    }
}

impl std::error::Error for Violations {}

/// One limit of one field.
pub(crate) struct Limit {
    pub(crate) field: &'static str,
    pub(crate) bound: Bound,
}

/// What a value is held to. Every bound is exact as an `f64`.
pub(crate) enum Bound {
    /// The least and the most of a number; infinite where there is none.
    Range(f64, f64),
    /// What a number is a multiple of.
    Step(f64),
    OneOf(&'static [f64]),
    /// The least and the most characters of a text. One that is blank has none.
    Length(f64, f64),
    Prefix(&'static str),
}

/// A record with limits, in the order of its fields. `#[derive(Model)]` implements it.
pub(crate) trait Limited: Fields {
    const LIMITS: &'static [Limit];
}

/// What is found wrong in a request.
pub(crate) struct Checking {
    of: &'static str,
    /// Where the record is that is looked at, such as `controlnets[1].`.
    path: String,
    found: Vec<Violation>,
}

impl Checking {
    pub(crate) fn new(of: &'static str) -> Self {
        Self { of, path: String::new(), found: Vec::new() }
    }

    /// Holds the fields of a record to their limits.
    pub(crate) fn limits<T: Limited>(&mut self, record: &T) {
        self.fields(record, T::LIMITS);
    }

    /// Holds the fields of each record of a list to their limits.
    pub(crate) fn list<T: Limited>(&mut self, field: &str, records: Option<&[T]>) {
        for (index, record) in records.unwrap_or_default().iter().enumerate() {
            self.within(format!("{field}[{index}]."), |checking| checking.limits(record));
        }
    }

    /// What is found in there is in a record at that path.
    pub(crate) fn within(&mut self, path: String, check: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.path, path);
        check(self);
        self.path = outer;
    }

    /// The fields come in the order of the limits. Those in `extra` are not looked at.
    fn fields(&mut self, record: &dyn Fields, mut limits: &[Limit]) {
        record.own(&mut |name, value| {
            // Those of fields that are not there are passed over.
            let Some(at) = limits.iter().position(|limit| limit.field == name) else { return };
            limits = &limits[at..];
            while let Some((limit, rest)) = limits.split_first().filter(|(limit, _)| limit.field == name) {
                self.limit(limit, value.fragment());
                limits = rest;
            }
        });
    }

    fn limit(&mut self, limit: &Limit, value: Fragment<'_>) {
        let refused = match (&limit.bound, value) {
            (bound, Fragment::Int(number)) => bound.number(number as f64),
            (bound, Fragment::Float(number)) => bound.number(number),
            (bound, Fragment::Text(text)) => bound.text(text),
            _ => None,
        };
        if let Some((bound, advice)) = refused {
            let value = match (&limit.bound, value) {
                (Bound::Length(..), Fragment::Text(text)) if !text.trim().is_empty() => characters(text).into(),
                (Bound::Prefix(_), Fragment::Text(text)) => beginning(text),
                (_, value) => shown(value),
            };
            self.push(limit.field.into(), value, bound, advice);
        }
    }

    /// Something is wrong with a field: what is documented of it, and what to do.
    pub(crate) fn refuse(
        &mut self,
        field: &'static str,
        value: &dyn Encode,
        bound: impl Into<Cow<'static, str>>,
        advice: impl Into<Cow<'static, str>>,
    ) {
        self.push(field.into(), shown(value.fragment()), bound.into(), advice.into());
    }

    /// Holds a number to a range that depends on another field, as `why` says. It is narrower than what holds in any
    /// case, so what was found about that need not be said as well.
    pub(crate) fn range(&mut self, field: &'static str, value: Option<f64>, (least, most): (f64, f64), why: &str) {
        let Some(number) = value else { return };
        if let Some((bound, advice)) = Bound::Range(least, most).number(number) {
            let at = self.found.iter().position(|violation| violation.field == field);
            self.push(field.into(), shown(Fragment::Float(number)), format!("{bound} {why}").into(), advice);
            if let Some(at) = at {
                self.found.swap_remove(at);
            }
        }
    }

    pub(crate) fn push(
        &mut self,
        field: Cow<'static, str>,
        value: Cow<'static, str>,
        bound: Cow<'static, str>,
        advice: Cow<'static, str>,
    ) {
        let field = if self.path.is_empty() { field } else { format!("{}{field}", self.path).into() };
        self.found.push(Violation { field, value, bound, advice });
    }

    pub(crate) fn end(self) -> Result<(), Violations> {
        let Self { of, found, .. } = self;
        if found.is_empty() { Ok(()) } else { Err(Violations { of, found }) }
    }
}

type Refused = Option<(Cow<'static, str>, Cow<'static, str>)>;

impl Bound {
    /// What is documented and what to do, unless the number keeps to it.
    fn number(&self, number: f64) -> Refused {
        Some(match *self {
            Self::Range(least, most) if !(least..=most).contains(&number) => {
                let advice = match () {
                    () if number < least => format!("raise it to {least}"),
                    () if number > most => format!("lower it to {most}"),
                    // What is no number is below a least one, and need not be above a most one as well.
                    () if least.is_infinite() => return None,
                    () => "give it a number".to_owned(),
                };
                (range(least, most).into(), advice.into())
            }
            Self::Step(step) if number % step != 0.0 => {
                let below = (number / step).floor() * step;
                let advice = format!("take {below} or {}", below + step);
                (format!("must be a multiple of {step}").into(), advice.into())
            }
            Self::OneOf(numbers) if !numbers.contains(&number) => {
                let apart = |one: f64| (one - number).abs();
                let nearest = numbers.iter().copied().reduce(|a, b| if apart(b) < apart(a) { b } else { a });
                let advice = format!("take {}", nearest.unwrap_or_default());
                (format!("must be {}", listed(numbers)).into(), advice.into())
            }
            _ => return None,
        })
    }

    fn text(&self, text: &str) -> Refused {
        Some(match *self {
            Self::Length(least, most) => {
                let length = if text.trim().is_empty() { 0.0 } else { text.chars().count() as f64 };
                match () {
                    () if length == 0.0 && least > 0.0 => ("must not be empty".into(), "fill it in".into()),
                    () if length > most => {
                        let bound = format!("must have at most {most} characters");
                        (bound.into(), format!("shorten it by {}", length - most).into())
                    }
                    () => return None,
                }
            }
            Self::Prefix(prefix) if !text.starts_with(prefix) => {
                (format!("must begin with {prefix}").into(), "give it what begins so".into())
            }
            _ => return None,
        })
    }
}

fn range(least: f64, most: f64) -> String {
    match () {
        () if least.is_infinite() => format!("must be at most {most}"),
        () if most.is_infinite() => format!("must be at least {least}"),
        () => format!("must be from {least} to {most}"),
    }
}

/// As in `1, 2 or 3`.
fn listed(numbers: &[f64]) -> String {
    let mut text = String::new();
    for (index, number) in numbers.iter().enumerate() {
        let between = match index {
            0 => "",
            _ if index + 1 == numbers.len() => " or ",
            _ => ", ",
        };
        let _ = write!(text, "{between}{number}");
    }
    text
}

fn characters(text: &str) -> String {
    format!("{} characters long", text.chars().count())
}

/// What a text begins with, of a URL that holds data: of others it might be secret.
fn beginning(text: &str) -> Cow<'static, str> {
    match text.split_once(',') {
        Some((kind, _)) if kind.starts_with("data:") && kind.len() <= SHOWN => format!("\"{kind},…\"").into(),
        _ => characters(text).into(),
    }
}

/// The longest text that is shown, in bytes.
const SHOWN: usize = 64;

/// A value as JSON, in short.
pub(crate) fn shown(value: Fragment<'_>) -> Cow<'static, str> {
    match value {
        Fragment::None => "not set".into(),
        Fragment::Null => "null".into(),
        Fragment::Bool(value) => (if value { "true" } else { "false" }).into(),
        Fragment::Int(number) => number.to_string().into(),
        Fragment::Float(number) => number.to_string().into(),
        Fragment::Number(number) => number.to_string().into(),
        Fragment::Text(text) if text.len() <= SHOWN => format!("{text:?}").into(),
        Fragment::Text(text) => characters(text).into(),
        Fragment::Record(_) => "an object".into(),
        Fragment::List(items) => {
            let mut count = 0_usize;
            items.each(&mut |_| count += 1);
            format!("a list of {count}").into()
        }
    }
}
