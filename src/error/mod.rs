//! What can go wrong, and what the caller can do about it.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::codec::{self, Input, List, Model, Outcome, Place};
use crate::models::ApiErrorBody;
use crate::operation::Effect;
use crate::runtime::SystemTime;
use crate::time;
use crate::transport::{self, TransportError, TransportErrorKind};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

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
    /// There was no complete answer in time.
    #[error(transparent)]
    Timeout(Box<TimeoutError>),
    /// The API answered that it did not do what was asked.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// There was an answer that reports success but cannot be read.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// A call that costs credits, or makes something, failed in a way that does not tell whether the work was done. It was
    /// not retried.
    #[error(transparent)]
    OutcomeUnknown(Box<OutcomeUnknownError>),
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

#[cfg(any(feature = "image-download", feature = "init-images-upload-file"))]
pub(crate) use debug as debug_as_display;

debug!(
    ConfigError,
    InvalidRequestError, ConnectionError, TransportError, TimeoutError, ApiError, DecodeError, OutcomeUnknownError
);

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
        };
        debug(name, self, f)
    }
}

pub(crate) fn debug(name: &str, error: &dyn std::error::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Most messages hold their cause.
        let said = error.to_string();
        if find(text.as_bytes(), said.as_bytes()).is_none() {
            let _ = write!(text, " Caused by: {said}");
        }
        cause = error.source();
    }
    write!(f, "{name}({text})")
}

impl Error {
    /// What was called and how often; `None` for [`Config`](Self::Config).
    pub fn call(&self) -> Option<&CallInfo> {
        Some(match self {
            Self::Config(_) => return None,
            Self::InvalidRequest(error) => &error.call,
            Self::Connection(error) => &error.call,
            Self::Timeout(error) => &error.call,
            Self::Api(error) => &error.call,
            Self::Decode(error) => &error.call,
            Self::OutcomeUnknown(error) => error.cause.call()?,
        })
    }

    /// Whether the call costs credits and these may have been spent. Where this is false, nothing was charged.
    pub fn may_have_been_charged(&self) -> bool {
        matches!(self, Self::OutcomeUnknown(_)) && self.call().is_some_and(|call| call.effect == Effect::Billable)
    }

    /// The API's own answer, also where it is the cause of an [`OutcomeUnknown`](Self::OutcomeUnknown).
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            Self::OutcomeUnknown(error) => error.cause.api(),
            _ => None,
        }
    }

    /// Whether the API said that there is no such record.
    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(|error| error.kind == ApiErrorKind::NotFound)
    }

    /// Whether this failure is known to have had no effect: the request did not reach the work, or was refused.
    pub(crate) fn proves_nothing_done(&self) -> bool {
        match self {
            Self::Config(_) | Self::InvalidRequest(_) => true,
            Self::Connection(error) => error.proves_nothing_done(),
            Self::Timeout(error) => !error.sent,
            Self::Api(error) => error.proves_nothing_done(),
            Self::Decode(error) => is_refusal(error.status),
            Self::OutcomeUnknown(_) => false,
        }
    }

    /// Whether the same attempt may succeed later, and may be made again with this effect.
    pub(crate) fn may_be_retried(&self, effect: Effect) -> bool {
        let transient = match self {
            Self::Config(_) | Self::InvalidRequest(_) | Self::OutcomeUnknown(_) => false,
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

    /// How long the answer asked to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.api().and_then(|error| error.retry_after)
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
            Self::Config(_) => return None,
            Self::InvalidRequest(error) => &mut error.call,
            Self::Connection(error) => &mut error.call,
            Self::Timeout(error) => &mut error.call,
            Self::Api(error) => &mut error.call,
            Self::Decode(error) => &mut error.call,
            Self::OutcomeUnknown(error) => error.cause.call_mut()?,
        })
    }

    pub(crate) fn set_call(&mut self, attempts: u32, elapsed: Duration) {
        // An attempt that could not be made is none.
        let made = if matches!(self, Self::InvalidRequest(_)) { attempts - 1 } else { attempts };
        if let Some(call) = self.call_mut() {
            call.attempts = made;
            call.elapsed = elapsed;
        }
    }

    #[cfg(feature = "image-create-generation-once")]
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

    /// The status of the answer, if there was one.
    #[cfg(feature = "tracing")]
    pub(crate) fn status_code(&self) -> Option<u16> {
        let status = match self {
            Self::Api(error) => Some(error.status),
            Self::Decode(error) => Some(error.status),
            Self::Connection(error) => error.source.status(),
            Self::OutcomeUnknown(error) => return error.cause.status_code(),
            _ => None,
        };
        status.map(|status| status.as_u16())
    }
}

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
    /// The time from the call's beginning to its end, pauses included.
    pub elapsed: Duration,
    /// Whether the call was not repeated because the core's [`RetryBudget`](crate::RetryBudget) was spent.
    pub out_of_budget: bool,
}

impl CallInfo {
    pub(crate) fn new(operation: &'static str, effect: Effect) -> Self {
        Self { operation, effect, attempts: 0, elapsed: Duration::ZERO, out_of_budget: false }
    }

    /// `… failed after 3 attempts in 1.2 s: `, the beginning of every message.
    fn beginning(&self) -> String {
        let mut text = format!("{} failed", self.operation);
        if self.attempts > 0 {
            let s = if self.attempts == 1 { "" } else { "s" };
            let _ = write!(text, " after {} attempt{s} in {:.1} s", self.attempts, self.elapsed.as_secs_f64());
        }
        if self.out_of_budget {
            text.push_str(" (not repeated: the retry budget is spent)");
        }
        text.push_str(": ");
        text
    }

    /// What to say at the end: of money, where the call costs any, and of what to do next.
    ///
    /// Where it is not known whether money was spent, this is left to [`OutcomeUnknownError`]: "try again" would be the
    /// wrong advice.
    fn end(&self, nothing_done: bool, advice: &str) -> String {
        match (self.effect, nothing_done) {
            (Effect::Billable, true) => format!(" Nothing was charged. {advice}"),
            (Effect::Create, true) => format!(" Nothing was made. {advice}"),
            (Effect::Billable | Effect::Create, false) => String::new(),
            _ => format!(" {advice}"),
        }
    }
}

/// A setting that cannot be used.
#[derive(thiserror::Error)]
#[error("cannot make a LeonardoCore: {field}: {reason}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The builder's method, or the environment variable, that holds the setting.
    pub field: &'static str,
    /// What is wrong with it, without its value where that is secret.
    pub reason: Cow<'static, str>,
}

impl ConfigError {
    pub(crate) fn new(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field, reason: reason.into() }
    }
}

/// A call that cannot be sent. Nothing was sent and nothing was charged.
#[derive(thiserror::Error)]
#[error("{}{field}: {reason}.{}", call.beginning(), if call.attempts == 0 { " Nothing was sent." } else { "" })]
#[non_exhaustive]
pub struct InvalidRequestError {
    /// What was called.
    pub call: CallInfo,
    /// The argument or option that is wrong, such as `id` or `body`.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub reason: Cow<'static, str>,
    /// The error of whoever found out, if it was not this crate.
    #[source]
    pub source: Option<BoxError>,
}

/// The server was not reached, or the exchange broke off.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct ConnectionError {
    /// What was called.
    pub call: CallInfo,
    /// Scheme, host and port of the server.
    pub server: String,
    /// How far it came, and why no further.
    pub source: TransportError,
}

/// Whether this crate asked for TLS. Another crate of the build may have, so its lack is only a guess.
const HAS_TLS: bool = cfg!(any(feature = "rustls", feature = "native-tls", feature = "rustls-no-provider"));

/// Whether a status alone proves that nothing was done.
fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT
}

/// Whether the same request may be answered otherwise later, going by the status alone.
fn is_transient(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

impl ConnectionError {
    fn proves_nothing_done(&self) -> bool {
        match self.source.kind() {
            TransportErrorKind::Connect | TransportErrorKind::Invalid => true,
            _ => self.source.status().is_some_and(is_refusal),
        }
    }

    fn message(&self) -> String {
        let Self { call, server, source } = self;
        let (what, next) = match source.kind() {
            TransportErrorKind::Connect if !HAS_TLS && server.starts_with("https") => (
                "no connection to",
                "This build may lack TLS: enable one of the features rustls, native-tls and rustls-no-provider.",
            ),
            TransportErrorKind::Connect => {
                ("no connection to", "Check the network, the proxy and the server URL, then try again.")
            }
            TransportErrorKind::Invalid => ("the request cannot be sent to", "Check the server URL."),
            TransportErrorKind::Body => ("the answer broke off from", "Try again."),
            _ => ("the exchange broke off with", "Try again."),
        };
        let status = source.status().map(|status| format!(" after status {status}")).unwrap_or_default();
        let end = call.end(self.proves_nothing_done(), next);
        format!("{}{what} {server}{status}: {source}.{end}", call.beginning())
    }
}

/// Which limit of time was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutScope {
    /// That of one attempt.
    Attempt,
    /// That of the whole call.
    Deadline,
}

/// There was no complete answer in time.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct TimeoutError {
    /// What was called.
    pub call: CallInfo,
    /// Which limit was reached.
    pub scope: TimeoutScope,
    /// The limit.
    pub limit: Duration,
    /// Whether any part of the request may have reached the server in the attempt that took too long.
    pub sent: bool,
}

impl TimeoutError {
    fn message(&self) -> String {
        let Self { call, scope, limit, sent } = self;
        let what = match scope {
            TimeoutScope::Attempt => "the attempt's timeout",
            TimeoutScope::Deadline => "the call's deadline",
        };
        let (seconds, start) = (limit.as_secs_f64(), call.beginning());
        let end = call.end(!sent, "Try again, or allow more time.");
        format!("{start}no complete answer within {seconds} s, {what}.{end}")
    }
}

/// What an error of the API is about, read from its body first and its status second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The key is wrong, malformed (which the service answers with status 500) or not allowed to do this.
    Authentication,
    /// The prompt was refused by content moderation. Nothing was charged; the same prompt will be refused again.
    Moderation,
    /// The request is wrong, or names something that cannot be used.
    InvalidRequest,
    /// There is no such record.
    NotFound,
    /// Too many requests, or too many jobs at once.
    RateLimited,
    /// The service failed.
    Server,
    /// An error in the API's form that tells neither a known code nor a status; or an answer that the API itself would
    /// not give, such as a redirect or a page of a proxy.
    Unexpected,
}

/// The API's answer that it did not do what was asked.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct ApiError {
    /// What was called.
    pub call: CallInfo,
    /// What the error is about.
    pub kind: ApiErrorKind,
    /// The answer's status; 200 where the error was in the body alone.
    pub status: StatusCode,
    /// The error as the API describes it, if the body could be read.
    pub error: Option<ApiErrorBody>,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The beginning of the answer's body, at most 64 KiB.
    pub body: Bytes,
    /// How long to wait before another attempt, by `Retry-After`.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    fn proves_nothing_done(&self) -> bool {
        match self.kind {
            ApiErrorKind::Server => false,
            ApiErrorKind::Unexpected => is_refusal(self.status),
            _ => true,
        }
    }

    fn name_and_advice(&self) -> (&'static str, &'static str) {
        match self.kind {
            ApiErrorKind::Authentication => (
                "authentication",
                "Check the key: it is a UUID, shown once when it is made; trying again does not help.",
            ),
            ApiErrorKind::Moderation => {
                ("content moderation", "Change the prompt; trying the same again does not help.")
            }
            ApiErrorKind::InvalidRequest => {
                ("invalid request", "Correct the request; trying the same again does not help.")
            }
            ApiErrorKind::NotFound => ("not found", "Check the id, and that it is of this kind and this account."),
            ApiErrorKind::RateLimited => ("rate limit", "Wait, then try again; send fewer at once."),
            ApiErrorKind::Server => ("server error", "Try again later."),
            ApiErrorKind::Unexpected if self.error.is_some() && self.status.is_success() => {
                ("of no known kind", "Correct what it names; if it names nothing, try again later.")
            }
            ApiErrorKind::Unexpected => {
                ("not an answer of the API", "Check the server URL, which ends in /api/rest, and any proxy between.")
            }
        }
    }

    fn message(&self) -> String {
        let (kind, advice) = self.name_and_advice();
        let mut text = format!("{}the API answered {} ({kind})", self.call.beginning(), self.status);
        match &self.error {
            Some(error) => {
                let _ = write!(text, ": {}", clipped(&error.error));
                if let Some(code) = &error.code {
                    let _ = write!(text, " [{}]", clipped(code));
                }
            }
            None if self.kind == ApiErrorKind::NotFound => text.push_str(": there is no such record"),
            None if self.body.is_empty() => {}
            None => {
                let _ = write!(text, ": {:?}", excerpt(&self.body, 0));
            }
        }
        text.push('.');
        if let Some(pause) = self.retry_after {
            let _ = write!(text, " The server asks to wait {} s.", pause.as_secs());
        }
        text.push_str(&self.call.end(self.proves_nothing_done(), advice));
        text
    }
}

/// Why an answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeReason {
    /// There is no body.
    Empty,
    /// It is an HTML page, usually of a proxy.
    Html,
    /// It is not the JSON that was expected.
    Json {
        /// The line where reading stopped, from 1.
        line: usize,
        /// The column where reading stopped, from 1.
        column: usize,
        /// What was wrong there.
        message: String,
    },
    /// The object lacks the field that holds the record.
    MissingField(&'static str),
    /// The record that was made has no id, or the service sent `null` for it.
    NoRecord(&'static str),
    /// The body is larger than the core accepts.
    TooLarge {
        /// The core's limit, in bytes.
        limit: usize,
    },
    /// What is in the body takes more memory than the core accepts, which is three times what it accepts of a body.
    Expands {
        /// The limit, in bytes.
        limit: usize,
    },
}

impl DecodeReason {
    fn advice(&self) -> &'static str {
        match self {
            Self::Html => "Check the server URL, which ends in /api/rest, and any proxy between.",
            Self::TooLarge { .. } | Self::Expands { .. } => {
                "Raise max_response_bytes of the core, if that is a size to expect."
            }
            _ => "Try again; if it stays so, the API has changed: look at the answer with raw(), or update this crate.",
        }
    }
}

/// An answer that cannot be read, though it reports success or its body is too large.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct DecodeError {
    /// What was called.
    pub call: CallInfo,
    /// The answer's status.
    pub status: StatusCode,
    /// Why it cannot be read.
    pub reason: DecodeReason,
    /// The part of the body where reading stopped, at most 240 bytes.
    pub excerpt: String,
    /// See [`OutcomeUnknownError::id`].
    pub(crate) id: Option<String>,
}

impl DecodeError {
    fn message(&self) -> String {
        let Self { call, status, reason, excerpt, .. } = self;
        let mut text = format!("{}the answer ({status}) cannot be read: ", call.beginning());
        let _ = match reason {
            DecodeReason::Empty => write!(text, "its body is empty"),
            DecodeReason::Html => write!(text, "it is an HTML page"),
            DecodeReason::Json { line, column, message } => {
                write!(text, "{} at line {line} column {column}", clipped(message))
            }
            DecodeReason::MissingField(field) => write!(text, "it has no field `{field}`"),
            DecodeReason::NoRecord(field) => write!(text, "`{field}` is null"),
            DecodeReason::TooLarge { limit } => write!(text, "its body is larger than {limit} bytes"),
            DecodeReason::Expands { limit } => write!(text, "it decodes to more than {limit} bytes"),
        };
        if !excerpt.is_empty() {
            let _ = write!(text, ", near {excerpt:?}");
        }
        text.push('.');
        text.push_str(&call.end(is_refusal(*status), reason.advice()));
        text
    }
}

/// A call that costs credits, or makes something, was sent, and whether it was carried out is not known.
///
/// It was not retried. Where the response could be read as far as [`id`](Self::id), the work was done, and can be looked
/// up. Otherwise it can be looked for among the account's newest generations: it has the prompt, seed, model
/// and size of [`request`](Self::request) and was made at about [`sent_at`](Self::sent_at).
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct OutcomeUnknownError {
    /// When the attempt began that may have been carried out, by this machine's clock. Attempts before it, if there were
    /// any, were not.
    pub sent_at: SystemTime,
    /// The request's body, as JSON.
    pub request: Bytes,
    /// The id of what was made, if it could be read.
    pub id: Option<String>,
    /// What went wrong.
    #[source]
    pub cause: Error,
    /// The ids of what the work may have made, where looking for it found something that differs from what was asked for.
    pub candidates: Vec<String>,
    /// Why looking the work up failed too, where that was tried.
    pub lookup: Option<Box<Error>>,
}

impl OutcomeUnknownError {
    fn message(&self) -> String {
        let sent_at = time::shown(self.sent_at);
        let billable = self.cause.call().is_some_and(|call| call.effect == Effect::Billable);
        let charged = if billable { " and charged" } else { "" };
        let mut text = format!(
            "{} The request was sent at {sent_at}, may have been carried out{charged}, and was not retried.",
            self.cause
        );
        let _ = match &self.id {
            Some(id) => write!(text, " It made {}: look that up instead of sending the request again.", clipped(id)),
            None if billable => {
                write!(
                    text,
                    " Before sending it again, look for it, for example among the account's newest generations."
                )
            }
            None => write!(text, " Before sending it again, look whether it is there."),
        };
        if !self.candidates.is_empty() {
            let _ = write!(
                text,
                " It may be {}, which has the same seed, but another prompt or an earlier time.",
                self.candidates.join(" or ")
            );
        }
        if let Some(lookup) = &self.lookup {
            let _ = write!(text, " Looking for it failed as well: {lookup}");
        }
        text
    }
}

/// The most that is kept of an error's body.
const KEPT_BODY: usize = 64 * 1024;
const EXCERPT: usize = 240;

/// Text of the server's in a message: cut where it is long, and with nothing in it that could forge a line of a log or
/// steer a terminal.
pub(crate) fn clipped(text: &str) -> String {
    const MOST: usize = 500;
    let text = text.trim_ascii().trim_end_matches('.');
    let mut clean: String = text.chars().take(MOST).map(|char| if char.is_control() { ' ' } else { char }).collect();
    if text.chars().nth(MOST).is_some() {
        clean.push('…');
    }
    clean
}

/// What stands around `at`, as text.
pub(crate) fn excerpt(body: &[u8], at: usize) -> String {
    let start = at.min(body.len()).saturating_sub(EXCERPT / 2);
    let end = body.len().min(start + EXCERPT);
    String::from_utf8_lossy(&body[start..end]).into_owned()
}

/// The offset of a place that serde_json names by line and column.
fn offset_of(body: &[u8], line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match body[start..].iter().position(|&byte| byte == b'\n') {
            Some(end) => start += end + 1,
            None => break,
        }
    }
    (start + column).min(body.len())
}

/// Blots out the keys wherever a server sent them back.
pub(crate) struct Redactor<'a>(pub(crate) Vec<&'a [u8]>);

const BLOT: &str = "[key]";

impl Redactor<'_> {
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        self.0.iter().any(|key| find(text, key).is_some())
    }

    /// To be done before anything is cut off: a part of a key must not survive either.
    fn whole_or_none(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut clean: Option<Vec<u8>> = None;
        for key in &self.0 {
            let text = clean.as_deref().unwrap_or(text);
            if find(text, key).is_some() {
                clean = Some(blot(text, key));
            }
        }
        clean
    }

    pub(crate) fn whole(&self, bytes: Bytes) -> Bytes {
        self.whole_or_none(&bytes).map_or(bytes, Bytes::from)
    }

    /// What may be kept of a text of the server's.
    pub(crate) fn text(&self, text: String) -> String {
        // A key is ASCII, so what is left of UTF-8 is UTF-8.
        let clean = self.whole_or_none(text.as_bytes());
        let mut text = clean.map_or(text, |clean| String::from_utf8(clean).unwrap_or_default());
        if text.len() > KEPT_BODY {
            text.truncate((0..=KEPT_BODY).rfind(|&at| text.is_char_boundary(at)).unwrap_or(0));
            text.shrink_to_fit();
        }
        text
    }

    fn bytes(&self, bytes: Bytes) -> Bytes {
        let clean = self.whole(bytes);
        // A copy, so that a small error does not hold a large buffer.
        Bytes::copy_from_slice(&clean[..clean.len().min(KEPT_BODY)])
    }

    fn headers(&self, mut headers: HeaderMap) -> HeaderMap {
        if headers.keys().any(|name| self.is_in(name.as_ref())) {
            // A name cannot be blotted out, and whoever sends such headers sends nothing worth keeping.
            headers.clear();
        }
        transport::detach(&mut headers);
        for value in headers.values_mut() {
            if self.is_in(value.as_bytes()) {
                *value = HeaderValue::from_static(BLOT);
            }
        }
        headers
    }
}

/// Where `key` stands, in either case of its letters: a UUID is the same in both.
#[inline(never)]
fn find(text: &[u8], key: &[u8]) -> Option<usize> {
    let (first, rest) = key.split_first()?;
    let last = text.len().checked_sub(key.len())?;
    (0..=last).find(|&at| {
        // Most places are ruled out by one byte.
        text[at].eq_ignore_ascii_case(first) && text[at + 1..at + key.len()].eq_ignore_ascii_case(rest)
    })
}

fn blot(mut rest: &[u8], key: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(rest.len());
    // No longer than what it stands for, so that a text does not grow.
    let blot = &BLOT.as_bytes()[..BLOT.len().min(key.len())];
    while let Some(at) = find(rest, key) {
        clean.extend_from_slice(&rest[..at]);
        clean.extend_from_slice(blot);
        rest = &rest[at + key.len()..];
    }
    clean.extend_from_slice(rest);
    clean
}

/// Why a body cannot be read, and the place where reading stopped.
pub(crate) fn unreadable(error: &serde_json::Error, body: Bytes, redactor: &Redactor<'_>) -> (DecodeReason, String) {
    let (line, column) = (error.line(), error.column());
    let clean = redactor.whole_or_none(&body);
    let reason = if is_html(&body) {
        DecodeReason::Html
    } else {
        // The message repeats the place, and quotes the value, of which a part may be a part of the key.
        let message = error.to_string();
        let message = match message.split(" at line ").next() {
            Some(message) if clean.is_none() && !redactor.is_in(message.as_bytes()) => clipped(message),
            _ => "it is not what was expected".to_owned(),
        };
        DecodeReason::Json { line, column, message }
    };
    let clean = clean.as_deref().unwrap_or(&body);
    (reason, excerpt(clean, offset_of(clean, line, column)))
}

/// The same for a body that is not even text.
pub(crate) fn not_text(error: std::str::Utf8Error, body: Bytes, redactor: &Redactor<'_>) -> (DecodeReason, String) {
    let before = &body[..error.valid_up_to()];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    let clean = redactor.whole(body);
    let at = offset_of(&clean, line, column);
    (DecodeReason::Json { line, column, message: "it is not UTF-8".to_owned() }, excerpt(&clean, at))
}

/// Reads an answer that is, or holds, an error of the API; or, if it is not `told`, the answer that a record is `null`.
pub(crate) fn api_error(
    call: CallInfo,
    told: bool,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    redactor: &Redactor<'_>,
) -> ApiError {
    let Reported { status: effective, error } =
        if told { reported(status, &body) } else { Reported { status: 404, error: None } };
    let kind = match &error {
        Some(Told { error: None, code, .. }) => kind_of(effective, &body, code.as_deref()),
        Some(Told { error: Some(error), code, .. }) => kind_of(effective, error.as_bytes(), code.as_deref()),
        None => kind_of_bare(effective, &body),
    };
    let body = redactor.bytes(body);
    ApiError {
        call,
        kind,
        status,
        error: error.map(|told| ApiErrorBody {
            error: told.error.map_or_else(|| lossy(&body).into_owned(), |error| redactor.text(error)),
            path: told.path.map(|path| redactor.text(path)),
            code: told.code.map(|code| redactor.text(code)),
        }),
        retry_after: retry_after(&headers).filter(|_| told),
        headers: redactor.headers(headers),
        body,
    }
}

/// The status of the response or, where that is 2xx, the one that the body names, 0 if none; and the error in it.
struct Reported {
    status: u16,
    error: Option<Told>,
}

/// What a body tells of an error.
struct Told {
    /// `None` if it is said in another form, and may still be told from the whole.
    error: Option<String>,
    path: Option<String>,
    code: Option<String>,
}

/// The forms of a body that reports an error. Whatever else stands there is passed over.
#[derive(Default, Model)]
#[model(internal)]
struct ErrorBody {
    errors: Errors,
    error: Option<String>,
    path: Option<String>,
    code: Option<String>,
}

/// A list of errors, of which only the first is kept.
#[derive(Default)]
struct Errors {
    any: bool,
    first: FirstError,
}

impl Place for Errors {
    fn empty() -> Self {
        Self::default()
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        *self = Self::default();
        if let Input::List = input { Outcome::List(self) } else { Outcome::Done }
    }
}

impl List for Errors {
    fn next(&mut self) -> Option<(&mut dyn Place, usize)> {
        if std::mem::replace(&mut self.any, true) { None } else { Some((&mut self.first, 0)) }
    }

    fn take_back(&mut self) {}
}

/// An error that is an object, or just a text.
#[derive(Default)]
struct FirstError(Option<Box<ErrorItem>>);

impl FirstError {
    fn message(self) -> Option<String> {
        self.0?.message
    }
}

impl Place for FirstError {
    fn empty() -> Self {
        Self::default()
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        let error = self.0.get_or_insert_default();
        if let Input::Object = input { error.set(input) } else { error.message.set(input) }
    }
}

#[derive(Default, Model)]
#[model(internal)]
struct ErrorItem {
    message: Option<String>,
    extensions: Extensions,
}

#[derive(Default, Model)]
#[model(internal)]
struct Extensions {
    code: Option<String>,
    status_code: Option<String>,
    path: Option<String>,
    details: Details,
}

/// What a message that says nothing, such as "An error occurred.", is about.
#[derive(Default, Model)]
#[model(internal)]
struct Details {
    message: Option<String>,
    status_code: Option<String>,
    errors: Errors,
}

fn error_body(text: &str) -> serde_json::Result<ErrorBody> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let body = if is_list(text.as_bytes()) {
        // Version 2 and blueprints give the list alone. Another list is not one of errors.
        let errors: Errors = codec::read_response(&mut deserializer)?;
        let any = errors.first.0.as_ref().is_some_and(|error| error.message.is_some());
        ErrorBody { errors: Errors { any, ..errors }, ..ErrorBody::default() }
    } else {
        codec::read_response(&mut deserializer)?
    };
    deserializer.end()?;
    Ok(body)
}

/// A body as text; if it is none, what the beginning of it looks like, which may take three times as much.
fn lossy(body: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(body) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(&body[..body.len().min(KEPT_BODY)]),
    }
}

fn reported(status: StatusCode, body: &[u8]) -> Reported {
    let own = if status.is_success() { 0 } else { status.as_u16() };
    let ErrorBody { errors, error, path, code } = error_body(&lossy(body)).unwrap_or_default();
    let mut said = None;
    let error = if errors.any {
        // Both forms were seen with status 200, and gateways mix them with others.
        let ErrorItem { message, extensions: Extensions { code, status_code, path, details } } =
            *errors.first.0.unwrap_or_default();
        said = status_code.or(details.status_code).and_then(|code| code.trim_ascii().parse().ok());
        let detail = details.errors.first.message();
        let messages: Vec<_> = [message, details.message, detail].into_iter().flatten().collect();
        let parts = messages.iter().map(|message| message.trim_end_matches('.'));
        let error = Some(parts.collect::<Vec<_>>().join(": ")).filter(|error| !error.is_empty());
        Some(Told { error, path, code })
    } else {
        error.filter(|error| !error.is_empty()).map(|error| Told { error: Some(error), path, code })
    };
    let status = if own == 0 { said.unwrap_or_default() } else { own };
    Reported { status, error }
}

/// Whether a body of status 2xx is, or holds, an error.
pub(crate) fn tells_error(body: &[u8]) -> bool {
    reported(StatusCode::OK, body).error.is_some()
}

/// The status that a code stands for, where only the code is given.
fn status_of(code: &str) -> u16 {
    const CODES: [(&str, u16); 20] = [
        ("bad-request", 400),
        ("validation-failed", 400),
        ("validation-error", 400),
        ("badrequestexception", 400),
        ("bad-user-input", 400),
        ("constraint-violation", 400),
        ("graphql-validation-failed", 400),
        ("access-denied", 401),
        ("unauthorized", 401),
        ("unauthenticated", 401),
        ("invalid-jwt", 401),
        ("forbidden", 403),
        ("permission-denied", 403),
        ("not-found", 404),
        ("rate-limited", 429),
        ("rate-limit-exceeded", 429),
        ("too-many-requests", 429),
        ("unexpected", 500),
        ("internal-server-error", 500),
        ("internal-error", 500),
    ];
    let code = code.replace('_', "-");
    CODES.iter().find(|(known, _)| code.eq_ignore_ascii_case(known)).map_or(0, |&(_, status)| status)
}

/// How much of a message is looked at, in bytes.
const MEANT: usize = 4096;

fn kind_of(status: u16, message: &[u8], code: Option<&str>) -> ApiErrorKind {
    // Whoever sends a longer message means something else.
    let message = &message[..message.len().min(MEANT)];
    let begins = |with: &[u8]| message.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    // The service answers a malformed key with status 500.
    if begins(b"invalid response from authorization hook") || begins(b"authentication hook unauthorized") {
        return ApiErrorKind::Authentication;
    }
    // Whatever else stands in the body of a failure, the work may have been done.
    if (500..=599).contains(&status) {
        return ApiErrorKind::Server;
    }
    if code.is_some_and(|code| status_of(code) == 401) {
        return ApiErrorKind::Authentication;
    }
    if find(message, b"content moderation filter").is_some()
        || find(message, b"appears to contain inappropriate content").is_some()
    {
        return ApiErrorKind::Moderation;
    }
    match if status == 0 { code.map_or(0, status_of) } else { status } {
        401 | 403 => ApiErrorKind::Authentication,
        404 => ApiErrorKind::NotFound,
        429 => ApiErrorKind::RateLimited,
        408 | 500..=599 => ApiErrorKind::Server,
        400..=499 => ApiErrorKind::InvalidRequest,
        _ => ApiErrorKind::Unexpected,
    }
}

/// Without an error in the body, somebody between may have answered instead of the API.
fn kind_of_bare(status: u16, body: &[u8]) -> ApiErrorKind {
    match kind_of(status, b"", None) {
        ApiErrorKind::Authentication | ApiErrorKind::InvalidRequest | ApiErrorKind::NotFound if is_html(body) => {
            ApiErrorKind::Unexpected
        }
        kind => kind,
    }
}

/// Whether a body begins as a list does.
pub(crate) fn is_list(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

/// Whether a body begins as a page does. JSON never begins with `<`.
fn is_html(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// `Retry-After`, in seconds or as a date; a date in the past is no pause, and what is neither is passed over.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim_ascii();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit are still a long time.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = time::parse(value)?;
    // Where the answer tells the server's time, a wrong clock here does not matter.
    let now = time::header(headers, http::header::DATE)
        .unwrap_or_else(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    Some(until.saturating_sub(now))
}
