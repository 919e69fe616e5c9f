//! What can be waited for, and why a wait ended without it.

use std::fmt;
use std::time::Duration;

use crate::error::{self, Error};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobState {
    /// It is at work, or waits for its turn.
    Pending,
    /// Its result is there.
    Complete,
    /// It is over, without a result.
    Failed,
}

impl JobState {
    /// What is neither complete nor failed is pending.
    pub(crate) fn of(complete: bool, failed: bool) -> Self {
        match (complete, failed) {
            (true, _) => Self::Complete,
            (_, true) => Self::Failed,
            _ => Self::Pending,
        }
    }
}

/// A record of work that goes on at the service, and can be waited for.
pub trait Job: Clone + fmt::Debug + Send + Sync + 'static {
    /// What it is read by.
    type Id: Clone + fmt::Debug + fmt::Display + Send + Sync + 'static;
    /// What messages call it, such as "generation".
    const NOUN: &'static str;
    /// Whether the work costs credits, which messages then speak of.
    const COSTS_CREDITS: bool = true;

    /// How far it has come.
    fn state(&self) -> JobState;

    /// The id where it is that of a generation.
    #[doc(hidden)]
    fn generation_id(_id: &Self::Id) -> Option<&str> {
        None
    }
}

/// Why there is no complete record.
///
/// The message says what became of the work. What is known to exist is paid for, unless it is free, so do not create it
/// again before you have looked at it.
#[non_exhaustive]
pub struct WaitError<J: Job> {
    /// What was waited for; `None` if nothing was made, or if that is not known ([`Error::OutcomeUnknown`]).
    pub id: Option<J::Id>,
    /// Whether it is known to exist: this call created it, or a poll has seen it. Of an id that was only asked about,
    /// nothing may be known.
    pub exists: bool,
    /// What happened.
    pub reason: WaitErrorReason<J>,
}

/// What happened instead of a complete record.
#[non_exhaustive]
pub enum WaitErrorReason<J> {
    /// The service gave it up. This is the record.
    Failed(Box<J>),
    /// It was not complete in time. The work goes on.
    #[non_exhaustive]
    Deadline {
        /// The time that there was.
        limit: Duration,
        /// The last poll's failure, if it failed.
        last_failure: Option<Box<Error>>,
    },
    /// It was not created, or reading it was refused.
    Call(Error),
}

impl<J: Job> WaitError<J> {
    /// Whether credits may have been spent on the work. Where this is false, this call has charged nothing, and nothing is
    /// known of work that was.
    pub fn may_have_been_charged(&self) -> bool {
        match &self.reason {
            _ if !J::COSTS_CREDITS => false,
            WaitErrorReason::Call(error) => self.exists || error.may_have_been_charged(),
            WaitErrorReason::Failed(_) => true,
            WaitErrorReason::Deadline { .. } => self.exists,
        }
    }

    /// The id of the generation, if it is one.
    pub fn generation_id(&self) -> Option<&str> {
        J::generation_id(self.id.as_ref()?)
    }

    /// Whether the API said that there is no such record.
    pub fn is_not_found(&self) -> bool {
        self.call().is_some_and(Error::is_not_found)
    }

    /// How long the server asked to wait before another attempt, in the last response, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.reason {
            WaitErrorReason::Deadline { last_failure, .. } => last_failure.as_ref()?.retry_after(),
            _ => self.call()?.retry_after(),
        }
    }

    /// The error that it ended with.
    fn call(&self) -> Option<&Error> {
        if let WaitErrorReason::Call(error) = &self.reason { Some(error) } else { None }
    }
}

impl<J: Job> From<WaitError<J>> for Error {
    /// What no work came of is the error of the call that was to begin it.
    fn from(error: WaitError<J>) -> Self {
        match error {
            WaitError { id: None, reason: WaitErrorReason::Call(error), .. } => error,
            error => Self::workflow(error),
        }
    }
}

impl<J: Job> error::HasParts for WaitError<J> {
    fn parts(&self) -> error::Parts<'_> {
        error::Parts {
            call: self.call(),
            may_have_been_charged: self.may_have_been_charged(),
            generation_id: self.generation_id(),
            is_not_found: self.is_not_found(),
            retry_after: self.retry_after(),
        }
    }
}

const GOES_ON: &str = "The work goes on and is paid for: wait for it again by its id instead of creating it again.";
const GOES_ON_FREE: &str = "The work goes on: wait for it again by its id.";
const NOTHING_KNOWN: &str = "A wait charges nothing, and of this id nothing is known yet: wait for it again.";

impl<J: Job> fmt::Display for WaitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(id) = &self.id else { return self.reason.fmt(f) };
        let noun = J::NOUN;
        let next = match self.exists {
            false => NOTHING_KNOWN,
            true if J::COSTS_CREDITS => GOES_ON,
            true => GOES_ON_FREE,
        };
        match &self.reason {
            WaitErrorReason::Failed(_) => {
                let anew = if J::COSTS_CREDITS { "create another, which is charged anew" } else { "begin anew" };
                write!(f, "{noun} {id} failed: the service gave it up. To try again, {anew}.")
            }
            WaitErrorReason::Deadline { limit, last_failure } => {
                write!(f, "{noun} {id} was not complete within {} s", error::Seconds(*limit))?;
                if let Some(error) = last_failure {
                    write!(f, " (the last poll: {error})")?;
                }
                write!(f, ". {next}")
            }
            WaitErrorReason::Call(error) if error.is_not_found() && self.exists => {
                write!(f, "{noun} {id} is not there any more: {error}")
            }
            WaitErrorReason::Call(error) if error.is_not_found() => {
                write!(f, "{noun} {id} is not there: {error} A wait charges nothing.")
            }
            WaitErrorReason::Call(error) => write!(f, "waiting for {noun} {id} ended: {error} {next}"),
        }
    }
}

impl<J: Job> fmt::Display for WaitErrorReason<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(_) => write!(f, "the service gave the {} up", J::NOUN),
            Self::Deadline { limit, .. } => write!(f, "it was not complete within {} s", error::Seconds(*limit)),
            Self::Call(error) => error.fmt(f),
        }
    }
}

/// As `Display`, since a program that returns an error from `main` shows this.
impl<J: Job> fmt::Debug for WaitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error::debug("WaitError", self, f)
    }
}

/// As `Display`: a whole record says less.
impl<J: Job> fmt::Debug for WaitErrorReason<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<J: Job> std::error::Error for WaitError<J> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            WaitErrorReason::Failed(_) => None,
            WaitErrorReason::Deadline { last_failure, .. } => {
                last_failure.as_deref().map(|error| error as &(dyn std::error::Error + 'static))
            }
            WaitErrorReason::Call(error) => Some(error),
        }
    }
}
