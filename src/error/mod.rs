//! What can go wrong, and what the caller can do about it.
//!
//! Messages are put together by `format!`. `write!` to a text and `to_string` have what formats it compiled in this crate once
//! more.

mod api;
mod call;
mod classify;
mod connection;
mod decode;
mod outcome;
mod redact;
mod request;
mod seconds;
#[cfg(feature = "limits")]
mod spending;
#[cfg(feature = "test-util")]
mod test_util;
mod workflow;

use std::fmt;
use std::time::Duration;

use self::classify::is_refusal;
use self::redact::find;
use crate::operation::Effect;
use crate::transport::{TransportError, TransportErrorKind};

pub use self::{
    api::{ApiError, ApiErrorKind},
    call::CallInfo,
    connection::{ConnectionError, TimeoutError, TimeoutScope},
    decode::{DecodeError, DecodeReason},
    outcome::OutcomeUnknownError,
    request::{ConfigError, InvalidRequestError},
    workflow::WorkflowError,
};

#[cfg(feature = "limits")]
pub use self::spending::SpendingLimitError;

pub(crate) use self::{
    classify::{api_error, is_list, is_transient, tells_error},
    decode::{not_text, unreadable},
    redact::{Redactor, clipped, excerpt},
    request::Refused,
    seconds::Seconds,
};

#[cfg(any(feature = "image-download", feature = "uploading"))]
pub(crate) use self::{call::beginning, classify::retry_after};

#[cfg(any(feature = "image-download", feature = "polling", feature = "uploading"))]
pub(crate) use self::workflow::{HasParts, Parts};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a call, or the making of a [`LeonardoCore`](crate::LeonardoCore), failed.
///
/// Every message names the operation, the attempts, what was seen and what to do next. Neither messages nor `Debug` show
/// the key, not even where a server sends it back.
///
/// Before sending a call that costs credits again, look at [`may_have_been_charged`](Self::may_have_been_charged).
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The core cannot be made as configured.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The call cannot be sent as it is. Nothing was sent.
    #[error(transparent)]
    InvalidRequest(Box<InvalidRequestError>),
    /// The server could not be reached, or the exchange with it broke off.
    #[error(transparent)]
    Connection(Box<ConnectionError>),
    /// There was no complete response in time.
    #[error(transparent)]
    Timeout(Box<TimeoutError>),
    /// The API responded that it did not do what was asked.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// There was a response that reports success but cannot be read.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// A call that costs credits, or makes something, failed in a way that does not tell whether the work was done. It was
    /// not retried.
    #[error(transparent)]
    OutcomeUnknown(Box<OutcomeUnknownError>),
    /// The call would cost more than the core, or the call itself, may spend. Nothing was sent.
    #[cfg(feature = "limits")]
    #[error(transparent)]
    SpendingLimit(Box<SpendingLimitError>),
    /// A workflow failed with an error of its own, which has parts that a call's does not. Such an error becomes this one
    /// by `?`; [`downcast_ref`](Self::downcast_ref) and [`downcast`](Self::downcast) give it back.
    #[error(transparent)]
    Workflow(WorkflowError),
}

/// `Debug` of errors is what a program shows that returns one from `main`, so it says what `Display` does, which also
/// keeps secrets, and the causes. The parts are fields.
macro_rules! debug {
    ($($error:ident),+) => {$(
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::error::debug(stringify!($error), self, f)
            }
        }
    )+};
}

#[cfg(any(feature = "image-download", feature = "uploading"))]
pub(crate) use debug as debug_as_display;

debug!(
    ConfigError,
    InvalidRequestError,
    ConnectionError,
    TransportError,
    TimeoutError,
    ApiError,
    DecodeError,
    OutcomeUnknownError,
    WorkflowError
);

#[cfg(feature = "limits")]
debug!(SpendingLimitError);

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Config(_) => "Config",
            Self::InvalidRequest(_) => "InvalidRequest",
            Self::Connection(_) => "Connection",
            Self::Timeout(_) => "Timeout",
            Self::Api(_) => "Api",
            Self::Decode(_) => "Decode",
            Self::OutcomeUnknown(_) => "OutcomeUnknown",
            #[cfg(feature = "limits")]
            Self::SpendingLimit(_) => "SpendingLimit",
            Self::Workflow(_) => "Workflow",
        };
        debug(name, self, f)
    }
}

pub(crate) fn debug(name: &str, error: &dyn std::error::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = format!("{error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Most messages hold their cause.
        let said = format!("{error}");
        if find(text.as_bytes(), said.as_bytes()).is_none() {
            text.push_str(&format!(" Caused by: {said}"));
        }
        cause = error.source();
    }
    write!(f, "{name}({text})")
}

impl Error {
    /// What was called and how often; `None` for [`Config`](Self::Config), and for a workflow that did not end because
    /// of a call.
    pub fn call(&self) -> Option<&CallInfo> {
        Some(match self {
            Self::Config(_) => return None,
            Self::InvalidRequest(error) => &error.call,
            Self::Connection(error) => &error.call,
            Self::Timeout(error) => &error.call,
            Self::Api(error) => &error.call,
            Self::Decode(error) => &error.call,
            Self::OutcomeUnknown(error) => error.cause.call()?,
            #[cfg(feature = "limits")]
            Self::SpendingLimit(error) => &error.call,
            Self::Workflow(error) => error.parts().call?.call()?,
        })
    }

    /// Whether credits may have been spent. Where this is false, nothing was charged.
    pub fn may_have_been_charged(&self) -> bool {
        match self {
            Self::OutcomeUnknown(error) => error.is_billable(),
            Self::Workflow(error) => error.parts().may_have_been_charged,
            _ => false,
        }
    }

    /// The id of the generation that this is about, where it is known: what a workflow waited for, or what a call that
    /// costs credits has made though it failed ([`OutcomeUnknownError::id`]).
    pub fn generation_id(&self) -> Option<&str> {
        match self {
            // What costs nothing makes something else.
            Self::OutcomeUnknown(error) if error.is_billable() => error.id.as_deref(),
            Self::Workflow(error) => error.parts().generation_id,
            _ => None,
        }
    }

    /// The API's own response, also where it is the cause of an [`OutcomeUnknown`](Self::OutcomeUnknown), or of a
    /// workflow's failure.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            Self::OutcomeUnknown(error) => error.cause.api(),
            Self::Workflow(error) => error.parts().call?.api(),
            _ => None,
        }
    }

    /// Whether the API said that there is no such record, or a storage that there is no such file.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Workflow(error) => error.parts().is_not_found,
            _ => self.api().is_some_and(|error| error.kind == ApiErrorKind::NotFound),
        }
    }

    /// How long the server asked to wait before another attempt, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Workflow(error) => error.parts().retry_after,
            _ => self.api().and_then(|error| error.retry_after),
        }
    }

    /// The error of a workflow, such as `GenerationError`, if this is one of that type.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self {
            Self::Workflow(error) => error.downcast_ref(),
            _ => None,
        }
    }

    /// The error of a workflow by value.
    ///
    /// # Errors
    ///
    /// This error, if it is not one of that type.
    pub fn downcast<E: std::error::Error + 'static>(self) -> Result<E, Self> {
        match self {
            Self::Workflow(error) => error.downcast().map_err(Self::Workflow),
            error => Err(error),
        }
    }

    /// Whether this failure is known to have had no effect: the request did not reach the work, or was refused.
    pub(crate) fn proves_nothing_done(&self) -> bool {
        match self {
            Self::Config(_) | Self::InvalidRequest(_) => true,
            #[cfg(feature = "limits")]
            Self::SpendingLimit(_) => true,
            Self::Connection(error) => error.proves_nothing_done(),
            Self::Timeout(error) => !error.sent,
            Self::Api(error) => error.proves_nothing_done(),
            Self::Decode(error) => is_refusal(error.status),
            Self::OutcomeUnknown(_) | Self::Workflow(_) => false,
        }
    }

    /// Whether the same attempt may succeed later, and may be made again with this effect.
    pub(crate) fn may_be_retried(&self, effect: Effect) -> bool {
        let transient = match self {
            Self::Config(_) | Self::InvalidRequest(_) | Self::OutcomeUnknown(_) | Self::Workflow(_) => false,
            #[cfg(feature = "limits")]
            Self::SpendingLimit(_) => false,
            Self::Connection(error) => match error.source.status() {
                Some(status) if !status.is_success() => is_transient(status),
                _ => error.source.kind() != TransportErrorKind::Invalid,
            },
            Self::Timeout(error) => error.scope == TimeoutScope::Attempt,
            Self::Api(error) => matches!(error.kind, ApiErrorKind::RateLimited | ApiErrorKind::Server),
            Self::Decode(error) if error.status.is_success() => {
                !matches!(error.reason, DecodeReason::TooLarge { .. } | DecodeReason::Expands { .. })
            }
            Self::Decode(error) => is_transient(error.status),
        };
        transient && (effect.is_repeatable() || self.proves_nothing_done())
    }

    pub(crate) fn set_id(&mut self, id: Option<String>) {
        if let Self::Decode(error) = self {
            error.id = id;
        }
    }

    pub(crate) fn take_id(&mut self) -> Option<String> {
        if let Self::Decode(error) = self { error.id.take() } else { None }
    }

    fn call_mut(&mut self) -> Option<&mut CallInfo> {
        Some(match self {
            Self::Config(_) | Self::Workflow(_) => return None,
            Self::InvalidRequest(error) => &mut error.call,
            Self::Connection(error) => &mut error.call,
            Self::Timeout(error) => &mut error.call,
            Self::Api(error) => &mut error.call,
            Self::Decode(error) => &mut error.call,
            Self::OutcomeUnknown(error) => error.cause.call_mut()?,
            #[cfg(feature = "limits")]
            Self::SpendingLimit(error) => &mut error.call,
        })
    }

    pub(crate) fn set_call(&mut self, attempts: u32, elapsed: Duration) {
        // An attempt that could not be made is none.
        let made = if self.was_no_attempt() { attempts - 1 } else { attempts };
        if let Some(call) = self.call_mut() {
            call.attempts = made;
            call.elapsed = elapsed;
        }
    }

    /// Whether an attempt could not even begin.
    fn was_no_attempt(&self) -> bool {
        match self {
            Self::InvalidRequest(_) => true,
            Self::Timeout(error) => error.scope == TimeoutScope::Turn,
            #[cfg(feature = "limits")]
            Self::SpendingLimit(_) => true,
            _ => false,
        }
    }

    #[cfg(feature = "creating-once")]
    pub(crate) fn set_operation(&mut self, operation: &'static str) {
        if let Some(call) = self.call_mut() {
            call.operation = operation;
        }
    }

    pub(crate) fn set_out_of_budget(&mut self) {
        if let Some(call) = self.call_mut() {
            call.out_of_budget = true;
        }
    }

    /// The status of the response, if there was one.
    #[cfg(feature = "tracing")]
    pub(crate) fn status_code(&self) -> Option<u16> {
        let status = match self {
            Self::Api(error) => Some(error.status),
            Self::Decode(error) => Some(error.status),
            Self::Connection(error) => error.source.status(),
            Self::OutcomeUnknown(error) => return error.cause.status_code(),
            Self::Workflow(error) => return error.parts().call?.status_code(),
            _ => None,
        };
        status.map(|status| status.as_u16())
    }
}
