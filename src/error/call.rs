//! What was called, at the beginning and the end of every message.

use std::time::Duration;

use super::seconds::Seconds;
use crate::operation::Effect;

/// What was called, and how often, before an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallInfo {
    /// The operation, such as `image_create_generation`.
    pub operation: &'static str,
    /// What doing the operation twice would mean.
    pub effect: Effect,
    /// How many attempts were made; 0 if nothing was sent.
    pub attempts: u32,
    /// The time from the call's beginning to its end, delays included.
    pub elapsed: Duration,
    /// Whether the call was not retried because the core's [`RetryBudget`](crate::RetryBudget) was spent.
    pub out_of_budget: bool,
}

impl CallInfo {
    pub(crate) fn new(operation: &'static str, effect: Effect) -> Self {
        Self { operation, effect, attempts: 0, elapsed: Duration::ZERO, out_of_budget: false }
    }

    /// The beginning of the message of every error that has a call.
    pub(super) fn beginning(&self) -> String {
        beginning(self.operation, self.attempts, self.elapsed, self.out_of_budget) + ": "
    }

    /// What to say at the end: of money, where the call costs any, and of what to do next.
    ///
    /// Where it is not known whether money was spent, this is left to [`OutcomeUnknownError`]: "try again" would be the
    /// wrong advice.
    pub(super) fn end(&self, nothing_done: bool, advice: &str) -> String {
        match (self.effect, nothing_done) {
            (Effect::Billable, true) => format!(" Nothing was charged. {advice}"),
            (Effect::Create, true) => format!(" Nothing was made. {advice}"),
            (Effect::Billable | Effect::Create, false) => String::new(),
            _ => format!(" {advice}"),
        }
    }
}

/// `… failed after 3 attempts in 1.2 s`, the beginning of every message.
pub(crate) fn beginning(name: &str, attempts: u32, elapsed: Duration, out_of_budget: bool) -> String {
    let mut text = format!("{name} failed");
    if attempts > 0 {
        let s = if attempts == 1 { "" } else { "s" };
        text.push_str(&format!(" after {attempts} attempt{s} in {:.1} s", Seconds(elapsed)));
    }
    if out_of_budget {
        text.push_str(" (not retried: the retry budget is spent)");
    }
    text
}
