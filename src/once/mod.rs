//! Creating exactly once, where the API has no idempotency key: after a create whose outcome is unknown, what it made is
//! looked for in the account's list, by a mark, which is its seed, and by its time.
//!
//! No endpoint and no model is known here. A workflow hands over how the list is read ([`Account`]), what is looked for
//! ([`Wanted`]), and the call that creates.

#[cfg(feature = "creating-once")]
mod create;
#[cfg(all(feature = "creating", feature = "creating-once"))]
mod create_and_wait;
#[cfg(feature = "creating-once")]
mod create_once;
mod in_flight;
#[cfg(feature = "creating-once")]
mod marked;
mod options;
mod search;
mod together;
mod wanted;
mod window;

#[cfg(all(feature = "creating", feature = "creating-once"))]
pub use self::create_and_wait::CreateOnceAndWait;
#[cfg(feature = "creating-once")]
pub use self::create_once::CreateOnce;
#[cfg(feature = "creating-once")]
pub use self::marked::{Marked, Marking};
pub(crate) use self::options::{SearchOptions, search_options};
pub(crate) use self::search::{Search, Sought};
pub(crate) use self::wanted::{Account, Kind, Likeness, ReadUser, Wanted};
pub(crate) use self::window::Sent;
use serde_json::{Map, Value};

use crate::error::{CallInfo, Error, Refused};
use crate::operation::Effect;

/// The workflow that creates or searches; errors name it.
#[derive(Clone, Copy)]
pub(crate) struct Workflow {
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
}

impl Workflow {
    pub(crate) fn invalid(self, field: &'static str, reason: &'static str) -> Error {
        Refused::new(field, reason).into_error(self.info())
    }

    fn info(self) -> CallInfo {
        CallInfo::new(self.name, self.effect)
    }
}

/// The seed that the caller chose.
pub(crate) fn seed_of(seed: Option<i64>, extra: &Map<String, Value>) -> Result<Option<i64>, &'static str> {
    match (seed, extra.get("seed")) {
        (seed, None) => Ok(seed),
        (None, Some(extra)) => extra.as_i64().map(Some).ok_or("the one in `extra` is not a whole number"),
        (Some(_), Some(_)) => Err("it is given twice, once in `extra`"),
    }
}

/// A text without what a service may change about it: blanks and case.
pub(crate) fn normalised(text: &str) -> String {
    let mut normalised = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !normalised.is_empty() {
            normalised.push(' ');
        }
        normalised.extend(word.chars().flat_map(char::to_lowercase));
    }
    normalised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_the_same_but_for_blanks_and_case() {
        assert_eq!(normalised("  A\tpier \n at  DUSK "), "a pier at dusk");
        assert_ne!(normalised("a pier"), normalised("a pier,"));
        assert_eq!(normalised(""), "");
    }
}
