//! The client of a browser, a worker or an edge worker: `fetch`, with what the rest of the crate uses of reqwest, under the
//! same names.
//!
//! Nothing of it asks for a window: wherever there is a global `fetch`, it works.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, ResponseType};

use crate::url::Url;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Has no state: connections are those of the browser.
#[derive(Clone, Debug)]
pub(crate) struct Client;

#[derive(Debug)]
pub(crate) struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Body>,
}

/// A body that is JavaScript's already: bytes, or a `Blob`, which the browser reads itself.
#[derive(Debug)]
pub(crate) struct Body(JsValue);

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Uint8Array::from(&bytes[..]).into())
    }
}

impl From<web_sys::Blob> for Body {
    fn from(blob: web_sys::Blob) -> Self {
        Self(blob.into())
    }
}

impl Request {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: None }
    }

    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    pub(crate) fn body_mut(&mut self) -> &mut Option<Body> {
        &mut self.body
    }
}

impl Client {
    /// Sends a request. Dropping the future, or the response, aborts it.
    pub(crate) fn execute(&self, request: Request) -> impl Future<Output = Result<Response>> + use<> {
        async move {
            let url = request.url.clone();
            fetched(request).await.map_err(|failed| Error::new(failed, &url))
        }
    }
}

async fn fetched(request: Request) -> std::result::Result<Response, Failed> {
    let abort = Abort(AbortController::new()?);
    let init = init(&request)?;
    set(&init, "signal", &abort.0.signal())?;
    let global = js_sys::global();
    let fetch = Reflect::get(&global, &"fetch".into())?.dyn_into::<Function>()?;
    let promise = fetch.call2(&global, &request.url.as_str().into(), &init)?;
    let response: web_sys::Response = JsFuture::from(js_sys::Promise::resolve(&promise)).await?.unchecked_into();
    if response.type_() == ResponseType::Opaqueredirect {
        // Where it leads, and with which status, a browser does not tell.
        return Err(Failed::Redirect);
    }
    let status = StatusCode::from_u16(response.status()).map_err(|_| Failed::Unreadable)?;
    let mut headers = HeaderMap::new();
    for pair in js_sys::try_iter(&response.headers())?.into_iter().flatten() {
        let pair: Array = pair?.unchecked_into();
        let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string()) else { continue };
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    let reader = response.body().map(|body| body.get_reader().unchecked_into());
    Ok(Response { status, url: request.url, headers, reader, _abort: abort })
}

/// What is said of a request. Only what an edge worker knows as well; credentials it refuses.
fn init(request: &Request) -> std::result::Result<Object, Failed> {
    let init = Object::new();
    set(&init, "method", &request.method.as_str().into())?;
    set(&init, "redirect", &"manual".into())?;
    let headers = Array::new();
    for (name, value) in &request.headers {
        let value = value.to_str().map_err(|_| Failed::Header)?;
        headers.push(&Array::of2(&name.as_str().into(), &value.into()));
    }
    set(&init, "headers", &headers)?;
    if let Some(body) = &request.body {
        set(&init, "body", &body.0)?;
    }
    Ok(init)
}

fn set(object: &Object, name: &str, value: &JsValue) -> std::result::Result<(), JsValue> {
    Reflect::set(object, &name.into(), value).map(drop)
}

/// Ends the exchange when it is dropped; after its end that does nothing.
#[derive(Debug)]
struct Abort(AbortController);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Debug)]
pub(crate) struct Response {
    status: StatusCode,
    url: Url,
    headers: HeaderMap,
    /// None at the end of the body.
    reader: Option<ReadableStreamDefaultReader>,
    _abort: Abort,
}

impl Response {
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// That of the request, since no redirect is followed.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only transfers look at them"))]
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The length that is announced, unless it is that of something else which the browser has decoded.
    pub(crate) fn content_length(&self) -> Option<u64> {
        if self.headers.contains_key(http::header::CONTENT_ENCODING) {
            return None;
        }
        self.headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The next piece of the body.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let Some(reader) = &self.reader else { return Ok(None) };
        let read = async {
            let read = JsFuture::from(reader.read()).await?;
            if Reflect::get(&read, &"done".into())?.is_truthy() {
                return Ok(None);
            }
            let chunk: Uint8Array = Reflect::get(&read, &"value".into())?.dyn_into()?;
            Ok(Some(Bytes::from(chunk.to_vec())))
        };
        let chunk = read.await.map_err(|thrown: JsValue| Error::new(thrown.into(), &self.url))?;
        if chunk.is_none() {
            self.reader = None;
        }
        Ok(chunk)
    }
}

/// Why there is no response.
enum Failed {
    Header,
    Redirect,
    Unreadable,
    Thrown(JsValue),
}

impl From<JsValue> for Failed {
    fn from(thrown: JsValue) -> Self {
        Self::Thrown(thrown)
    }
}

impl From<Object> for Failed {
    fn from(thrown: Object) -> Self {
        Self::Thrown(thrown.into())
    }
}

/// What JavaScript says that it threw.
pub(crate) fn message(thrown: &JsValue) -> Option<String> {
    Reflect::get(thrown, &"message".into()).ok()?.as_string()
}

/// What `fetch` says of a failure, without the URL.
#[derive(Debug)]
pub(crate) struct Error {
    text: String,
    is_builder: bool,
}

impl Error {
    fn new(failed: Failed, url: &Url) -> Self {
        let text = match &failed {
            Failed::Header => "the value of a header is not text".to_owned(),
            Failed::Redirect => {
                "the server redirects, which is not followed: it can do the work twice or elsewhere".to_owned()
            }
            Failed::Unreadable => "the response has no status".to_owned(),
            Failed::Thrown(thrown) => {
                message(thrown).unwrap_or_else(|| "fetch failed".to_owned()).replace(url.as_str(), "the URL")
            }
        };
        Self { text, is_builder: matches!(failed, Failed::Header) }
    }

    pub(crate) fn is_builder(&self) -> bool {
        self.is_builder
    }

    /// It never has it.
    pub(crate) fn without_url(self) -> Self {
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Error {}
