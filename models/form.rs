//! Presigned forms: what whoever uploads a file sends to the storage.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error;

use crate::codec::{self, Decode, Input, Outcome, Record};

/// The fields of an object of texts, in its order.
pub(super) fn pairs(text: &str) -> serde_json::Result<Vec<(String, String)>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut pairs = Pairs(Vec::new());
    codec::read_into::<false, _>(&mut deserializer, &mut pairs)?;
    deserializer.end()?;
    if pairs.0.len() > MAX_FIELDS {
        return Err(serde_json::Error::custom("the form has more than 1000 fields"));
    }
    Ok(pairs.0.into_iter().map(|(name, value)| (name, value.0)).collect())
}

/// Far more fields than a form has. Short ones take many times the memory of their text.
const MAX_FIELDS: usize = 1000;

struct Pairs(Vec<(String, FormValue)>);

impl Record for Pairs {
    fn empty() -> Self {
        Self(Vec::new())
    }

    fn place(&mut self, name: &str) -> Option<&mut dyn Decode> {
        if self.0.len() <= MAX_FIELDS {
            self.0.push((name.to_owned(), FormValue(String::new())));
        }
        self.0.last_mut().map(|(_, value)| value as _)
    }
}

/// A text; empty for what is none, which is not reported, since the server makes up the names.
struct FormValue(String);

impl Decode for FormValue {
    fn empty() -> Self {
        Self(String::new())
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        self.0 = input.text().ok().flatten().map(Cow::into_owned).unwrap_or_default();
        Outcome::Done
    }
}

/// Shows the names of a form's fields, without their values.
pub(super) struct Names<'a>(pub(super) &'a str);

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match pairs(self.0) {
            Ok(pairs) => f.debug_set().entries(pairs.iter().map(|(name, _)| name)).finish(),
            Err(_) => f.write_str("hidden"),
        }
    }
}

/// What of a URL gives no access.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
