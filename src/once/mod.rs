//! Creating exactly once, where the API has no idempotency key: after a create whose outcome is unknown, what it made is
//! looked for in the account's list, by a mark, which is its seed, and by its time.
//!
//! No endpoint and no model is known here. A workflow hands over how the list is read ([`Account`]), what is looked for
//! ([`Wanted`]), and the call that creates.

#[cfg(feature = "image-create-generation-once")]
mod create;
mod in_flight;
mod options;
mod search;
mod window;

#[cfg(feature = "image-create-generation-once")]
pub(crate) use self::create::{Created, LookFirst, create_once, random_mark};
pub(crate) use self::options::{SearchOptions, search_options};
pub(crate) use self::search::{Account, Kind, Likeness, Search, Sought, Wanted};
pub(crate) use self::window::Sent;
use crate::Effect;
use crate::call::Refused;
use crate::error::{CallInfo, Error};

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
