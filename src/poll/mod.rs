//! Waiting for any kind of job, and what all workflows have in common: the delays between attempts, and how it is told
//! that something is attempted again.

#[cfg(feature = "creating")]
mod create;
#[cfg(feature = "creating")]
mod create_and_wait;
#[cfg(feature = "polling")]
mod job;
#[cfg(all(feature = "polling", feature = "searching"))]
mod list_reader;
#[cfg(feature = "polling")]
mod notify;
#[cfg(feature = "polling")]
mod pace;
#[cfg(feature = "polling")]
mod poller;
#[cfg(feature = "polling")]
mod seen;
#[cfg(feature = "polling")]
mod settings;
#[cfg(feature = "polling")]
mod steps;
#[cfg(feature = "polling")]
mod wait;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[cfg(feature = "creating")]
pub(crate) use self::create::{Creating, Made, OnProgress, retries};
#[cfg(all(feature = "polling", feature = "searching"))]
pub(crate) use self::list_reader::{Listed, Record};
#[cfg(feature = "polling")]
pub(crate) use self::poller::{PollOptions, Poller, Waited, poll_options, reading};
#[cfg(feature = "polling")]
pub(crate) use self::seen::Seen;
#[cfg(feature = "creating")]
pub use self::{
    create::JobProgress,
    create_and_wait::{Completed, CreateAndWait},
};
#[cfg(feature = "polling")]
pub use self::{
    job::{Job, JobState, WaitError, WaitErrorReason},
    poller::WaitWaker,
    steps::Steps,
    wait::Wait,
};
use crate::core::LeonardoCore;
use crate::error::Error;
use crate::retry::{self, RetryPolicy};
use crate::runtime::MaybeSend;
use crate::transport::TransportErrorKind;

/// Something failed, or is not there yet, and is attempted again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Retry {
    /// The operation that is attempted again, such as `image_get_generation_by_id`.
    pub operation: &'static str,
    /// How many attempts were made until now.
    pub attempts: u32,
    /// What failed, or what is missing, as a sentence.
    pub reason: String,
    /// The time until the next attempt.
    pub next_in: Duration,
}

impl serde::Serialize for Retry {
    /// `nextIn` is in seconds.
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        use serde::ser::SerializeStruct as _;
        let mut fields = serializer.serialize_struct("Retry", 4)?;
        fields.serialize_field("operation", self.operation)?;
        fields.serialize_field("attempts", &self.attempts)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.serialize_field("nextIn", &self.next_in.as_secs_f64())?;
        fields.end()
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Next attempt in {:.1} s.", self.reason, crate::error::Seconds(self.next_in))
    }
}

#[cfg(not(target_arch = "wasm32"))]
type Report = dyn FnMut(&Retry) + Send;
#[cfg(target_arch = "wasm32")]
type Report = dyn FnMut(&Retry);

/// Who is told of each retry.
#[derive(Clone, Default)]
pub(crate) struct OnRetry(Option<Arc<Mutex<Report>>>);

impl OnRetry {
    pub(crate) fn new(report: impl FnMut(&Retry) + MaybeSend + 'static) -> Self {
        Self(Some(Arc::new(Mutex::new(report))))
    }

    pub(crate) fn tell(&self, operation: &'static str, attempts: u32, reason: impl fmt::Display, next_in: Duration) {
        if let Some(report) = &self.0 {
            let retry = Retry { operation, attempts, reason: reason.to_string(), next_in };
            (report.lock().unwrap_or_else(PoisonError::into_inner))(&retry);
        }
    }
}

impl fmt::Debug for OnRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "told" } else { "nobody" })
    }
}

/// Writes the setter of what is called before something is attempted again. `$options` is the path from `self` to what has
/// the [`OnRetry`].
macro_rules! on_retry_option {
    (impl[$($generics:tt)*] $type:ty, options: $options:ident) => {
        impl<$($generics)*> $type {
            /// Calls `report` before each delay after which something is attempted again, with what failed, or is not there
            /// yet, and when the next attempt is. It must not block.
            pub fn on_retry(mut self, report: impl FnMut(&$crate::Retry) + $crate::MaybeSend + 'static) -> Self {
                self.$options.on_retry = $crate::poll::OnRetry::new(report);
                self
            }
        }
    };
}
pub(crate) use on_retry_option;

/// The delays between attempts that go on until a deadline, whatever their number.
///
/// Each failure takes from the core's retry budget, as that of a call does. A call ends when the budget is spent; a
/// workflow, which may have work in hand that is paid for, goes on with the longest delay of its policy.
pub(crate) struct BudgetedDelays {
    core: LeonardoCore,
    longest: Duration,
    delays: retry::Delays,
}

impl BudgetedDelays {
    pub(crate) fn new(core: &LeonardoCore, policy: &RetryPolicy) -> Self {
        Self { core: core.clone(), longest: policy.longest(), delays: policy.delays() }
    }

    /// The delay where nothing failed.
    #[cfg(feature = "polling")]
    pub(crate) fn next(&mut self) -> Duration {
        self.delays.next()
    }

    /// The delay after a failure. The server's wish can lengthen it, and never shorten it.
    pub(crate) fn after(&mut self, error: &Error) -> Duration {
        self.own().max(error.retry_after().unwrap_or_default())
    }

    /// The delay after a failure, but for the server's wish.
    pub(crate) fn own(&mut self) -> Duration {
        let own = self.delays.next();
        if self.core.inner.budget.take() { own } else { own.max(self.longest) }
    }
}

/// Whether an attempt failed because the server could not be reached.
pub(crate) fn never_connected(error: &Error) -> bool {
    matches!(error, Error::Connection(error) if error.source.kind() == TransportErrorKind::Connect)
}

/// How long before the deadline the last attempt to read something is made, unless that is more than a tenth of it.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// Shortens a delay so that there is one more look shortly before the end; `None` if there is no time for another.
pub(crate) fn before_deadline(delay: Duration, left: Duration, limit: Duration) -> Option<Duration> {
    if delay < left {
        return Some(delay);
    }
    let last = left.saturating_sub(LAST_LOOK.min(limit / 10));
    (!last.is_zero()).then_some(last)
}
