//! The handle that every call is made with.

mod builder;
mod client;
#[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "searches alone have no settings"))]
mod extensions;
pub(crate) mod key;
pub(crate) mod server_url;
#[cfg(feature = "searching")]
pub(crate) mod users;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

pub use self::builder::LeonardoCoreBuilder;
#[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
use self::extensions::Extended;
use self::key::Auth;
use self::server_url::ServerUrl;
#[cfg(any(feature = "image-download", feature = "uploading"))]
use crate::error::ConfigError;
use crate::error::Error;
use crate::retry::{RetryBudget, RetryPolicy};
use crate::runtime::{SystemTime, WallClock};
use crate::transport::Transport;

/// What this crate calls itself, to the API and to storages.
pub(crate) const USER_AGENT_NAME: &str = concat!("leonardo-ai/", env!("CARGO_PKG_VERSION"), " (rust)");

/// Configuration and connections, shared by all calls.
///
/// Make one and keep it: clones are cheap and share its connections. It is `Send` and `Sync`, and its `Debug` shows no
/// secrets.
///
/// ```
/// use std::time::Duration;
/// use leonardo_ai::{LeonardoCore, RetryPolicy};
///
/// let core = LeonardoCore::builder()
///     .bearer_auth("11111111-2222-4333-8444-555555555555")
///     .timeout(Duration::from_secs(20))
///     .retry(RetryPolicy::default().max_attempts(6))
///     .build()?;
/// # Ok::<(), leonardo_ai::Error>(())
/// ```
#[derive(Clone)]
pub struct LeonardoCore {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) server: ServerUrl,
    pub(crate) auth: Auth,
    /// What every request carries, the key included if it is always the same.
    pub(crate) headers: HeaderMap,
    /// The same for requests with a body. Copying a map is cheaper than adding to it.
    pub(crate) headers_with_body: HeaderMap,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) min_time_for_billable: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: RetryBudget,
    pub(crate) max_response_bytes: usize,
    pub(crate) allow_http: bool,
    wall_clock: Option<WallClock>,
    /// What downloads and uploads are sent with; none until they need one where calls are not sent with a client.
    #[cfg(any(feature = "image-download", feature = "uploading"))]
    storage: std::sync::OnceLock<crate::transport::wire::Client>,
    #[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
    extended: Extended,
}

impl LeonardoCore {
    /// A core with the given key and every default.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the key is empty or holds blanks, control characters or anything but ASCII.
    pub fn new(key: impl Into<String>) -> Result<Self, Error> {
        Self::builder().bearer_auth(key).build()
    }

    /// A core from the environment: the key in `LEONARDO_API_KEY` and, if it is set, the server's base URL in
    /// `LEONARDO_SERVER_URL`. `LEONARDO_ALLOW_HTTP`, `1` or `true`, is [`allow_http`](LeonardoCoreBuilder::allow_http).
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the variable that is missing or cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder_from_env()?.build()
    }

    /// How many retries the calls of this core and its clones may still make together.
    pub fn retry_budget(&self) -> &RetryBudget {
        &self.inner.budget
    }

    /// The base URL of the server, without a version.
    pub fn server_url(&self) -> &str {
        self.inner.server.as_str()
    }

    /// What [`LeonardoCoreBuilder::set`] was given of this type.
    #[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "searches alone have no settings"))]
    pub(crate) fn setting<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.inner.extended.setting()
    }

    /// The state of this type, made when it is first asked for. Whoever needs it often keeps it.
    #[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
    pub(crate) fn state<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.inner.extended.state(make)
    }

    /// The time of day.
    #[cfg(any(feature = "searching", feature = "limits"))]
    pub(crate) fn wall_now(&self) -> SystemTime {
        self.inner.wall_now()
    }

    /// The client for whatever is not the API: it knows neither the key nor the core's headers, which go into each
    /// request of a call on their own.
    #[cfg(any(feature = "image-download", feature = "uploading"))]
    pub(crate) fn storage(&self) -> Result<&crate::transport::wire::Client, ConfigError> {
        match self.inner.storage.get() {
            Some(client) => Ok(client),
            None => client::build(None).map(|client| self.inner.storage.get_or_init(|| client)),
        }
    }
}

impl Inner {
    pub(crate) fn wall_now(&self) -> SystemTime {
        self.wall_clock.as_ref().map_or_else(SystemTime::now, |clock| clock())
    }
}

impl fmt::Debug for LeonardoCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of headers can be secrets of a proxy's.
        let headers: Vec<_> = self.inner.headers.keys().collect();
        f.debug_struct("LeonardoCore")
            .field("server_url", &self.server_url())
            .field("auth", &self.inner.auth)
            .field("headers", &headers)
            .field("timeout", &self.inner.timeout)
            .field("deadline", &self.inner.deadline)
            .field("min_time_for_billable", &self.inner.min_time_for_billable)
            .field("retry", &self.inner.retry)
            .field("retry_budget", &self.inner.budget)
            .field("max_response_bytes", &self.inner.max_response_bytes)
            .field("allow_http", &self.inner.allow_http)
            .finish_non_exhaustive()
    }
}

/// Adds a header in place of others of the name. Not inlined, since inserting is large.
#[inline(never)]
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.insert(name, value);
}

/// Checks a header that a caller gives. The value is not repeated in the reason, since it may be a secret.
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    const RESERVED: [&str; 11] = [
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    // Nor is what is no name: name and value may be in each other's place.
    let name = HeaderName::try_from(name).map_err(|_| "its name holds a character that a header's name cannot have")?;
    if RESERVED.contains(&name.as_str()) {
        return Err(format!("{name} is set by the core alone"));
    }
    let value = HeaderValue::try_from(value)
        .map_err(|_| format!("the value of {name} holds a line break or another control character"))?;
    Ok((name, value))
}
