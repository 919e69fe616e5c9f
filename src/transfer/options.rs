//! What can be set for a transfer, whichever way it goes.

use std::time::Duration;

use crate::retry::RetryPolicy;

/// The options that downloads and uploads share.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) idle_timeout: Duration,
    /// No limit if there is none.
    pub(crate) deadline: Option<Duration>,
    /// The core's if there is none.
    pub(crate) retry: Option<RetryPolicy>,
}

impl Options {
    pub(crate) fn new(idle_timeout: Duration) -> Self {
        Self { idle_timeout, deadline: Some(Duration::from_secs(3600)), retry: None }
    }

    /// The deadline, or a time that is never reached.
    pub(crate) fn limit(&self) -> Duration {
        self.deadline.unwrap_or(Duration::MAX)
    }
}

/// Writes the setters that every transfer has. `$options` is the path from `self` to the [`Options`].
macro_rules! transfer_options {
    (
        impl[$($generics:tt)*] $type:ty, options: $($options:ident).+,
        idle_timeout: $idle_timeout:literal, retry: $retry:literal
    ) => {
        impl<$($generics)*> $type {
            #[doc = $idle_timeout]
            pub fn idle_timeout(mut self, timeout: std::time::Duration) -> Self {
                self.$($options).+.idle_timeout = timeout;
                self
            }

            /// The longest that all of it may take, from when it is awaited; `None` for no limit. Defaults to 1 h. If it
            /// is zero, nothing is sent.
            pub fn deadline(mut self, deadline: impl Into<Option<std::time::Duration>>) -> Self {
                self.$($options).+.deadline = deadline.into();
                self
            }

            #[doc = $retry]
            pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
                self.$($options).+.retry = Some(policy);
                self
            }
        }
    };
}
pub(crate) use transfer_options;
