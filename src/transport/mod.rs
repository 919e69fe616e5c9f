//! One attempt: a prepared request out, a bounded body in.

#[cfg(target_arch = "wasm32")]
pub(crate) mod fetch;

use std::error::Error as StdError;
use std::fmt;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::runtime::{self, BoxFuture};
use crate::url::Url;

#[cfg(target_arch = "wasm32")]
pub(crate) use self::fetch as wire;
/// What sends requests: reqwest, or what has its names on `fetch`.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use reqwest as wire;

/// What a transport is asked to send: everything is decided, encoded and checked.
///
/// Its `Debug` hides the headers marked as sensitive, among them the key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransportRequest {
    /// The HTTP method.
    pub method: Method,
    /// The whole URL.
    pub url: Url,
    /// All headers but those that belong to the connection (`host`, `content-length`).
    pub headers: HeaderMap,
    /// The body, if there is one.
    pub body: Option<Bytes>,
    /// The largest body to accept in the response, in bytes. Reading must stop beyond it.
    pub max_response_bytes: usize,
}

impl TransportRequest {
    /// A request with no headers and no body, for a transport's own tests.
    pub fn new(method: Method, url: Url, max_response_bytes: usize) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: None, max_response_bytes }
    }
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransportResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl TransportResponse {
    /// A response made of its parts.
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into() }
    }
}

/// How far an attempt came before it failed. Whether a call that costs credits is retried depends on this alone, so a
/// transport that is not sure says [`Exchange`](Self::Exchange).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request is not one that can be sent. Nothing was sent; trying again does not help.
    Invalid,
    /// No connection was made, so not a byte of the request was sent.
    Connect,
    /// Anything after that: the server may or may not have done the work.
    Exchange,
    /// The status arrived, but the body broke off.
    Body,
    /// The body is larger than was allowed.
    TooLarge,
}

/// Why an attempt brought no response.
///
/// Its `Debug` says what its `Display` does, and the causes.
pub struct TransportError {
    kind: TransportErrorKind,
    status: Option<StatusCode>,
    source: Box<dyn StdError + Send + Sync>,
}

impl TransportError {
    /// An error of the given kind. What `source` prints must not hold the key.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, status: None, source: source.into() }
    }

    /// Adds the status that had arrived.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// How far the attempt came.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// The status, if it had arrived.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }
}

impl fmt::Display for TransportError {
    /// The innermost cause: the layers above it only say that a request failed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut innermost: &dyn StdError = &*self.source;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        fmt::Display::fmt(innermost, f)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// Makes one attempt, for a core that is to send its calls otherwise than with a client of its own: a recorder, a test
/// double, another HTTP library.
///
/// A transport follows no redirect, retries nothing and reads at most
/// [`max_response_bytes`](TransportRequest::max_response_bytes). It keeps no time: the core drops the future when the
/// attempt's time is over, and that must end the attempt.
///
/// ```
/// use leonardo_ai::{LeonardoCore, Transport, TransportError, TransportRequest, TransportResponse};
/// use leonardo_ai::{BoxFuture, http::{HeaderMap, StatusCode}};
///
/// /// Responds to everything with the same text.
/// struct Canned(&'static str);
///
/// impl Transport for Canned {
///     fn send(&self, _: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
///         Box::pin(async { Ok(TransportResponse::new(StatusCode::OK, HeaderMap::new(), self.0)) })
///     }
/// }
///
/// let core = LeonardoCore::builder().bearer_auth("test").transport(Canned("{}")).build()?;
/// # Ok::<(), leonardo_ai::Error>(())
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` once and reads the response.
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>>;
}

/// A client that the caller made: whether it follows redirects is not known, so it is checked afterwards as far as that
/// goes.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct GivenClient(pub(crate) reqwest::Client);

#[cfg(not(target_arch = "wasm32"))]
impl Transport for GivenClient {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let asked = request.url.clone();
        let sent = exchange(&self.0, request, Some(asked));
        Box::pin(async move {
            sent.await.map_err(|mut error| {
                // reqwest's errors do not tell which request they are about. It may be one that followed a redirect, and
                // the work may have been done before it.
                if matches!(error.kind, TransportErrorKind::Connect | TransportErrorKind::Invalid) {
                    error.kind = TransportErrorKind::Exchange;
                }
                error
            })
        })
    }
}

/// The client that the core makes for itself: it follows no redirect and retries nothing.
pub(crate) struct OwnClient(pub(crate) wire::Client);

impl Transport for OwnClient {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        exchange(&self.0, request, None)
    }
}

/// What can be done at once is done before the future is made, which stays small so.
fn exchange(
    client: &wire::Client,
    request: TransportRequest,
    asked: Option<Url>,
) -> BoxFuture<'static, Result<TransportResponse, TransportError>> {
    let TransportRequest { method, url, headers, body, max_response_bytes, .. } = request;
    let mut sent = wire::Request::new(method, url);
    *sent.headers_mut() = headers;
    if let Some(body) = body {
        *sent.body_mut() = Some(body.into());
    }
    let sent = runtime::connecting(client.execute(sent));
    let exchange = async move {
        let redirected = |url: &Url| asked.as_ref().is_some_and(|asked| asked != url);
        let mut response = match sent.await {
            // Without a status, and as nothing but `Exchange`: what befell the last of several requests proves nothing
            // about the first.
            Ok(response) if redirected(response.url()) => return Err(followed()),
            Ok(response) => response,
            #[cfg(not(target_arch = "wasm32"))]
            Err(error) if error.url().is_some_and(redirected) => return Err(followed()),
            Err(error) => return Err(no_response(error)),
        };
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        let body = read(&mut response, &mut headers, max_response_bytes).await;
        let body = body.map_err(|error| error.with_status(status))?;
        Ok(TransportResponse { status, headers, body })
    };
    runtime::driven(exchange, |reason| Err(TransportError::new(TransportErrorKind::Exchange, reason)))
}

fn followed() -> TransportError {
    let reason = "the client followed a redirect, which can do the work twice or elsewhere";
    TransportError::new(TransportErrorKind::Exchange, reason)
}

/// Why a client brought no response.
pub(crate) fn no_response(error: wire::Error) -> TransportError {
    let kind = if is_connect(&error) {
        TransportErrorKind::Connect
    } else if error.is_builder() {
        TransportErrorKind::Invalid
    } else {
        TransportErrorKind::Exchange
    };
    TransportError::new(kind, error.without_url())
}

#[cfg(not(target_arch = "wasm32"))]
fn is_connect(error: &reqwest::Error) -> bool {
    error.is_connect()
}

/// A browser does not tell whether a connection was made.
#[cfg(target_arch = "wasm32")]
fn is_connect(_: &wire::Error) -> bool {
    false
}

fn too_large(limit: usize) -> TransportError {
    TransportError::new(TransportErrorKind::TooLarge, format!("the body is larger than {limit} bytes"))
}

pub(crate) fn broken_off(error: wire::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Body, error.without_url())
}

/// Replaces the values of a response's headers by copies. They are slices of what was read from the connection at a time,
/// which may be hundreds of KiB, and all of that stays in memory for as long as one of them does.
pub(crate) fn detach(headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        if let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes()) {
            copy.set_sensitive(value.is_sensitive());
            *value = copy;
        }
    }
}

/// How many pieces of a response are kept apart.
const PIECES: usize = 64;

async fn read(response: &mut wire::Response, headers: &mut HeaderMap, limit: usize) -> Result<Bytes, TransportError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(too_large(limit));
    }
    let Some(mut last) = response.chunk().await.map_err(broken_off)? else { return Ok(Bytes::new()) };
    // Most responses come in one piece, which needs no copy. The pieces of others are joined once all are there, so that an
    // response under way holds nothing but what was read; beyond a number of pieces they are joined as they come, since a
    // piece of one byte holds more than that.
    let mut whole = BytesMut::new();
    let mut pieces = Vec::new();
    let mut length = last.len();
    while length <= limit {
        let next = response.chunk().await.map_err(broken_off)?;
        if next.is_none() && length == last.len() {
            return Ok(last);
        }
        if next.is_none() || pieces.len() == PIECES {
            whole.reserve(length - whole.len());
            pieces.drain(..).for_each(|piece: Bytes| whole.extend_from_slice(&piece));
        }
        let Some(next) = next else {
            whole.extend_from_slice(&last);
            detach(headers);
            return Ok(whole.freeze());
        };
        length += next.len();
        pieces.push(std::mem::replace(&mut last, next));
    }
    Err(too_large(limit))
}
