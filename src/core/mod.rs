//! The handle that every call is made with.

mod builder;
mod client;
pub(crate) mod key;
pub(crate) mod server_url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

pub use self::builder::LeonardoCoreBuilder;
use self::key::Auth;
use self::server_url::ServerUrl;
#[cfg(feature = "limits")]
use crate::error::CallInfo;
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
    #[cfg(feature = "limits")]
    pub(crate) limiter: Option<Arc<crate::limits::Limiter>>,
    #[cfg(feature = "limits")]
    pub(crate) spending: Option<crate::spending::Spending>,
    #[cfg(feature = "limits")]
    pub(crate) prices: crate::spending::Prices,
    #[cfg(feature = "polling")]
    pub(crate) pace: crate::limits::Pace,
    #[cfg(feature = "polling")]
    pub(crate) poll_delays: RetryPolicy,
    #[cfg(feature = "polling")]
    pub(crate) waits: crate::poll::Waits,
    #[cfg(feature = "searching")]
    pub(crate) users: crate::core::key::Users,
    #[cfg(feature = "searching")]
    pub(crate) lists: crate::once::Lists,
    #[cfg(all(feature = "polling", feature = "searching"))]
    pub(crate) list_reader: crate::poll::ListReader,
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

    /// What was spent through the core's [`SpendingLimit`](crate::SpendingLimit), and what is reserved; nothing without one.
    #[cfg(feature = "limits")]
    pub fn spent(&self) -> crate::Spent {
        self.inner.spending.as_ref().map(|spending| spending.limit.spent()).unwrap_or_default()
    }

    /// How much of its [`Limits`](crate::Limits) the core uses; nothing without limits.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] for `limits` if a [store](crate::LimitStore) of your own failed.
    #[cfg(feature = "limits")]
    pub async fn limits_in_use(&self) -> Result<crate::LimitsInUse, Error> {
        let Some(limiter) = &self.inner.limiter else { return Ok(crate::LimitsInUse::default()) };
        let info = CallInfo::new("limits_in_use", crate::Effect::Read);
        limiter.in_use().await.map_err(|source| crate::limits::failed(source).into_error(info))
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
