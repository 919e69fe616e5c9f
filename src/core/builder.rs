//! The settings of a core.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue};

use super::client::{self, ConfiguredClient};
use super::key::{Auth, FromClosure};
use super::server_url::{self, ServerUrl};
use super::{Inner, LeonardoCore, USER_AGENT_NAME, header, set};
use crate::bearer::Bearer;
use crate::error::{BoxError, ConfigError, Error};
use crate::retry::{RetryBudget, RetryPolicy};
use crate::runtime::{MaybeSend, SystemTime, WallClock};
#[cfg(not(target_arch = "wasm32"))]
use crate::transport::GivenClient;
use crate::transport::{OwnClient, Transport};

const KEY_VARIABLE: &str = "LEONARDO_API_KEY";
const URL_VARIABLE: &str = "LEONARDO_SERVER_URL";
const ALLOW_HTTP_VARIABLE: &str = "LEONARDO_ALLOW_HTTP";

impl LeonardoCore {
    /// A builder that starts with what the environment says, as [`from_env`](Self::from_env) does.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if `LEONARDO_API_KEY` is not set, or a variable is not text.
    pub fn builder_from_env() -> Result<LeonardoCoreBuilder, Error> {
        let read = |name: &'static str| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(ConfigError::new(name, "its value is not UTF-8")),
        };
        let Some(key) = read(KEY_VARIABLE)? else {
            return Err(ConfigError::new(KEY_VARIABLE, "is not set; it holds the key of the API").into());
        };
        let mut builder = Self::builder();
        builder.auth = Some(Setting { field: KEY_VARIABLE, value: Credentials::Key(key) });
        if let Some(url) = read(URL_VARIABLE)? {
            builder.server_url = Setting { field: URL_VARIABLE, value: url };
        }
        builder.allow_http = read(ALLOW_HTTP_VARIABLE)?.is_some_and(|value| matches!(&*value, "1" | "true"));
        Ok(builder)
    }

    /// A builder with every default and no key yet.
    pub fn builder() -> LeonardoCoreBuilder {
        let mut headers = HeaderMap::with_capacity(4);
        set(&mut headers, ACCEPT, HeaderValue::from_static("application/json"));
        set(&mut headers, USER_AGENT, HeaderValue::from_static(USER_AGENT_NAME));
        LeonardoCoreBuilder {
            auth: None,
            server_url: Setting { field: "server_url", value: server_url::DEFAULT.to_owned() },
            timeout: Duration::from_secs(60),
            deadline: Some(Duration::from_secs(300)),
            min_time_for_billable: Duration::from_secs(2),
            allow_http: false,
            retry: RetryPolicy::default(),
            budget: RetryBudget::default(),
            headers,
            refused: None,
            max_response_bytes: 16 * 1024 * 1024,
            client: None,
            transport: None,
            wall_clock: None,
            #[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
            settings: Default::default(),
            #[cfg(any(feature = "image-download", feature = "uploading"))]
            storage: Default::default(),
        }
    }
}

/// A value, and what to name in an error about it.
struct Setting<T> {
    field: &'static str,
    value: T,
}

enum Credentials {
    Key(String),
    Provider(Auth),
}

/// Collects the settings of a [`LeonardoCore`]; [`build`](Self::build) checks them.
pub struct LeonardoCoreBuilder {
    auth: Option<Setting<Credentials>>,
    server_url: Setting<String>,
    timeout: Duration,
    deadline: Option<Duration>,
    min_time_for_billable: Duration,
    allow_http: bool,
    retry: RetryPolicy,
    budget: RetryBudget,
    headers: HeaderMap,
    /// The first setting that was refused when it was given.
    refused: Option<ConfigError>,
    max_response_bytes: usize,
    /// The settings of the core's own client, if the caller changed any.
    client: Option<ConfiguredClient>,
    transport: Option<Box<dyn Transport>>,
    wall_clock: Option<WallClock>,
    #[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
    settings: http::Extensions,
    #[cfg(any(feature = "image-download", feature = "uploading"))]
    storage: std::sync::OnceLock<crate::transport::wire::Client>,
}

impl LeonardoCoreBuilder {
    /// The key. Required, unless there is a [provider](Self::bearer_auth_provider).
    #[must_use]
    pub fn bearer_auth(mut self, key: impl Into<String>) -> Self {
        self.auth = Some(Setting { field: "bearer_auth", value: Credentials::Key(key.into()) });
        self
    }

    /// Asks `provider` for the key before each attempt, so that keys can be rotated and kept elsewhere.
    ///
    /// Its time counts as the attempt's. If it fails, or gives what cannot be a key, the call fails with
    /// [`Error::InvalidRequest`] and is not retried.
    ///
    /// ```
    /// # use leonardo_ai::LeonardoCore;
    /// let core = LeonardoCore::builder()
    ///     .bearer_auth_provider(|| async { std::fs::read_to_string("/run/secrets/leonardo").map(|key| key.trim().to_owned()) })
    ///     .build()?;
    /// # Ok::<(), leonardo_ai::Error>(())
    /// ```
    #[must_use]
    pub fn bearer_auth_provider<F, Fut, E>(mut self, provider: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, E>> + MaybeSend + 'static,
        E: Into<BoxError> + 'static,
    {
        let asked = Auth::Asked(Arc::new(FromClosure(provider)));
        self.auth = Some(Setting { field: "bearer_auth_provider", value: Credentials::Provider(asked) });
        self
    }

    /// The server's base URL. Defaults to `https://cloud.leonardo.ai/api/rest`. A slash or `/v1` at its end is tolerated.
    ///
    /// `http` is refused, except for loopback: `localhost` and names that end in `.localhost`, `127.0.0.0/8` and `[::1]`.
    /// See [`allow_http`](Self::allow_http).
    #[must_use]
    pub fn server_url(mut self, url: impl Into<String>) -> Self {
        self.server_url = Setting { field: "server_url", value: url.into() };
        self
    }

    /// Whether the key may be sent unencrypted, with `http` to a server that is not on loopback. Defaults to `false`.
    /// Counts for [`Call::server_url`](crate::Call::server_url) as well.
    #[must_use]
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// The longest that one attempt may take, from asking for the key to the last byte of the response. Defaults to
    /// 60 s.
    ///
    /// Connecting has a limit of 10 seconds of its own. A timeout below that cannot tell a server that is out of reach
    /// from one that is slow, and then a call that costs credits ends with an unknown outcome in both cases.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest that a call may take, with all attempts and delays; `None` for no limit. Defaults to 5 minutes.
    #[must_use]
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// The least time that must be left until the deadline for an attempt of a call to begin that costs credits or makes
    /// something. Defaults to 2 s.
    ///
    /// An attempt that is cut short by the deadline has an unknown outcome. If less is left before the first attempt,
    /// nothing is sent and the call fails with [`Error::InvalidRequest`] naming `deadline`; before a retry, the failure
    /// of the last attempt is returned. Set it to what the service needs for a response where deadlines are short.
    #[must_use]
    pub fn min_time_for_billable(mut self, time: Duration) -> Self {
        self.min_time_for_billable = time;
        self
    }

    /// How failed attempts are retried; see [`RetryPolicy::default`].
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many retries all calls may make together; see [`RetryBudget`].
    #[must_use]
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// A header that every request carries. One of the same name replaces it, but the headers that the core itself is
    /// in charge of (`authorization`, `content-type`, and those of the connection) are refused.
    #[must_use]
    pub fn default_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        // Here rather than in `build`, so that only programs that add headers have the code for it.
        match header(&name.into(), &value.into()) {
            Ok((name, value)) => set(&mut self.headers, name, value),
            Err(reason) => self.refuse("default_header", reason),
        }
        self
    }

    /// What the program calls itself. Defaults to `leonardo-ai/VERSION (rust)`.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        match HeaderValue::try_from(user_agent.into()) {
            Ok(user_agent) => set(&mut self.headers, USER_AGENT, user_agent),
            Err(_) => self.refuse("user_agent", "holds a character that cannot stand in a header"),
        }
        self
    }

    pub(crate) fn refuse(&mut self, field: &'static str, reason: impl Into<Cow<'static, str>>) {
        self.refused.get_or_insert_with(|| ConfigError::new(field, reason));
    }

    /// The largest body of a response that is accepted, in bytes. Defaults to 16 MiB. Reading stops beyond it.
    #[must_use]
    pub fn max_response_bytes(mut self, limit: usize) -> Self {
        self.max_response_bytes = limit;
        self
    }

    /// Changes the client that the core makes for itself: proxies, certificates, name resolution, limits of connections.
    /// Each call adds to what the ones before it set.
    ///
    /// The core makes the client at the end, and turns redirects and reqwest's own retries off again whatever `configure`
    /// did with them: either may do work twice that costs credits. Connecting takes at most 10 s and idle connections are
    /// kept for 30 s, unless `configure` sets something else. Downloads and uploads are sent with the same client, so
    /// headers that it adds by itself go to everyone.
    ///
    /// ```
    /// use leonardo_ai::{LeonardoCore, reqwest};
    ///
    /// let proxy = reqwest::Proxy::https("http://proxy.example:3128")?;
    /// let core = LeonardoCore::builder()
    ///     .bearer_auth("11111111-2222-4333-8444-555555555555")
    ///     .configure_client(|client| client.proxy(proxy))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn configure_client(
        mut self,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Self {
        let client = configure(self.client.take().map_or_else(client::default_client, |client| client()));
        self.client = Some(Box::new(move || client));
        self
    }

    /// Sends calls, downloads and uploads with a finished client, instead of one of the core's own;
    /// [`configure_client`](Self::configure_client) then has no effect. Use that instead wherever it will do.
    ///
    /// By calling this you guarantee that the client was built with `redirect(reqwest::redirect::Policy::none())` and
    /// `retry(reqwest::retry::never())`, and that nothing in it sends a request more than once. A client does not tell
    /// how it was built. If it does follow a redirect or send again, a call that costs credits may be carried out and
    /// charged several times, and may be reported as not charged.
    ///
    /// Of what is seen afterwards, nothing counts as proof that might come from another request: neither a response from
    /// another URL than the one that was asked for, nor a connection that could not be made. So a call that costs credits
    /// ends with an unknown outcome where the core's own client would try again. A redirect back to the same URL cannot
    /// be seen.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    #[allow(unused_mut, reason = "without downloads and uploads there is nothing to change")]
    pub fn client_guaranteed_not_to_redirect_or_retry(mut self, client: reqwest::Client) -> Self {
        #[cfg(any(feature = "image-download", feature = "uploading"))]
        {
            self.storage = client.clone().into();
        }
        self.transport(GivenClient(client))
    }

    /// Sends calls with a transport of your own. Downloads and uploads are no calls, and are sent with the core's client
    /// or with [yours](Self::client_guaranteed_not_to_redirect_or_retry).
    #[must_use]
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// The clock that the time of day is read from. Defaults to the system's. For tests: together with Tokio's paused
    /// time, on which every delay, timeout and deadline of this crate stands, nothing of a call depends on real time.
    #[must_use]
    pub fn wall_clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.wall_clock = Some(Arc::new(now));
        self
    }

    /// Keeps a setting for what is built on the core; see [`LeonardoCore::setting`].
    #[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "searches alone have no settings"))]
    pub(crate) fn set<T: Clone + Send + Sync + 'static>(&mut self, setting: T) {
        self.settings.insert(setting);
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], naming the setting that is missing or cannot be used.
    pub fn build(self) -> Result<LeonardoCore, Error> {
        let server = ServerUrl::parse(&self.server_url.value)
            .and_then(|server| server.permitted(self.allow_http))
            .map_err(|reason| ConfigError::new(self.server_url.field, reason))?;
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let mut headers = self.headers;
        let auth = match self.auth {
            None => return Err(ConfigError::new("bearer_auth", "there is no key").into()),
            Some(Setting { field, value: Credentials::Key(key) }) => {
                let bearer = Bearer::new(&key).map_err(|reason| ConfigError::new(field, reason))?;
                set(&mut headers, AUTHORIZATION, bearer.header().clone());
                Auth::Fixed(bearer)
            }
            Some(Setting { value: Credentials::Provider(auth), .. }) => auth,
        };
        usable(self.timeout, self.deadline, self.max_response_bytes)?;
        let transport = match self.transport {
            Some(transport) => {
                #[cfg(any(feature = "image-download", feature = "uploading"))]
                if self.client.is_some() && self.storage.get().is_none() {
                    let _ = self.storage.set(client::build(self.client)?);
                }
                transport
            }
            None => {
                let client = client::build(self.client)?;
                #[cfg(any(feature = "image-download", feature = "uploading"))]
                let _ = self.storage.set(client.clone());
                Box::new(OwnClient(client))
            }
        };
        let mut headers_with_body = headers.clone();
        set(&mut headers_with_body, CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let inner = Inner {
            transport,
            server,
            auth,
            headers,
            headers_with_body,
            timeout: self.timeout,
            deadline: self.deadline,
            min_time_for_billable: self.min_time_for_billable,
            retry: self.retry,
            budget: self.budget,
            max_response_bytes: self.max_response_bytes,
            allow_http: self.allow_http,
            wall_clock: self.wall_clock,
            #[cfg(any(feature = "image-download", feature = "uploading"))]
            storage: self.storage,
            #[cfg(any(feature = "limits", feature = "polling", feature = "searching"))]
            extended: super::extensions::Extended::new(self.settings),
        };
        Ok(LeonardoCore { inner: Arc::new(inner) })
    }
}

impl fmt::Debug for LeonardoCoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even the URL: it may hold a password until it is checked.
        f.debug_struct("LeonardoCoreBuilder").finish_non_exhaustive()
    }
}

/// Refuses limits within which no call could succeed.
fn usable(timeout: Duration, deadline: Option<Duration>, max_response_bytes: usize) -> Result<(), ConfigError> {
    for (field, time) in [("timeout", Some(timeout)), ("deadline", deadline)] {
        if time == Some(Duration::ZERO) {
            return Err(ConfigError::new(field, "is zero, so no call could succeed"));
        }
    }
    match max_response_bytes {
        0 => Err(ConfigError::new("max_response_bytes", "is zero, so no response could be read")),
        _ => Ok(()),
    }
}
