//! What can be set for one call, and for every call that a workflow makes.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;

use crate::bearer::Bearer;
use crate::core::server_url::ServerUrl;
use crate::core::{self, LeonardoCore};
use crate::error::Refused;
use crate::retry::RetryPolicy;

/// The options of a call. A workflow keeps them and hands a copy to each of its calls.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Option<Duration>>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) server: Option<ServerUrl>,
    /// What a call that costs credits may cost.
    #[cfg(feature = "limits")]
    pub(crate) cost_at_most: Option<crate::models::Cost>,
    /// Where what is held for a create is left whose outcome is not known.
    #[cfg(feature = "limits")]
    pub(crate) ticket: Option<std::sync::Arc<super::Ticket>>,
    /// In place of what the provider gives.
    pub(crate) bearer: Option<Bearer>,
    /// The first thing that was wrong.
    pub(crate) refused: Option<Refused>,
}

impl Options {
    pub(crate) fn refuse(&mut self, refused: Refused) {
        self.refused.get_or_insert(refused);
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        match core::header(name, value) {
            Ok((name, value)) => core::set(&mut self.headers, name, value),
            Err(reason) => self.refuse(Refused::new("header", reason)),
        }
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        if timeout.is_zero() {
            self.refuse(Refused::new("timeout", "it is zero, so the call could not succeed"));
        }
        self.timeout = Some(timeout);
    }

    pub(crate) fn set_deadline(&mut self, deadline: Option<Duration>) {
        if deadline == Some(Duration::ZERO) {
            self.refuse(Refused::new("deadline", "it is zero, so the call could not succeed"));
        }
        self.deadline = Some(deadline);
    }

    pub(crate) fn set_server_url(&mut self, core: &LeonardoCore, url: &str) {
        match ServerUrl::parse(url).and_then(|server| server.permitted(core.inner.allow_http)) {
            Ok(server) => self.server = Some(server),
            Err(reason) => self.refuse(Refused::new("server_url", reason)),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of headers can be secrets.
        let headers: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Options")
            .field("headers", &headers)
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Writes the setters that every call has, and every workflow that makes calls. `$options` is the path from `self` to the
/// [`Options`], `$core` that to the core.
macro_rules! request_options {
    (impl[$($generics:tt)*] $type:ty, options: $($options:ident).+, core: $($core:ident).+) => {
        impl<$($generics)*> $type {
            /// Adds a header to each request to the API, in place of the core's of the same name.
            pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
                self.$($options).+.set_header(name.as_ref(), value.as_ref());
                self
            }

            /// The longest that one attempt of a request to the API may take. Defaults to the core's.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.$($options).+.set_timeout(timeout);
                self
            }

            /// Sends the requests to another server, with the same key. What is refused of the core's URL is refused here
            /// too. Defaults to the core's.
            pub fn server_url(mut self, url: impl AsRef<str>) -> Self {
                self.$($options).+.set_server_url(&self.$($core).+, url.as_ref());
                self
            }
        }
    };
}
pub(crate) use request_options;

/// Writes the setters of [`request_options`], and those of deadline and retries. What these mean for this type is said by
/// the texts given.
macro_rules! call_options {
    (
        impl[$($generics:tt)*] $type:ty, options: $($options:ident).+, core: $($core:ident).+,
        deadline: $deadline:literal, retry: $retry:literal
    ) => {
        $crate::call::request_options! { impl[$($generics)*] $type, options: $($options).+, core: $($core).+ }

        impl<$($generics)*> $type {
            #[doc = $deadline]
            pub fn deadline(mut self, deadline: impl Into<Option<std::time::Duration>>) -> Self {
                self.$($options).+.set_deadline(deadline.into());
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
pub(crate) use call_options;

/// Writes the setter of what a call may cost, for whatever costs credits. `$options` is the path from `self` to the
/// [`Options`].
macro_rules! cost_option {
    (impl[$($generics:tt)*] $type:ty, options: $($options:ident).+) => {
        #[cfg(feature = "limits")]
        impl<$($generics)*> $type {
            /// What the call may cost at most, such as `Cost::credits(24)` or `Cost::dollars("0.05")`. If it is known to cost
            /// more, it ends in [`Error::SpendingLimit`](crate::Error::SpendingLimit) and nothing is sent. Where what it will
            /// cost is not known, this much is reserved of the core's
            /// [`spending_limit`](crate::LeonardoCoreBuilder::spending_limit), without which this is an error.
            pub fn cost_at_most(mut self, cost: $crate::models::Cost) -> Self {
                self.$($options).+.cost_at_most = Some(cost);
                self
            }
        }
    };
}
pub(crate) use cost_option;
