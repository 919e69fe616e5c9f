//! Files from a link to a place here, and from here to a place that the API gives.
//!
//! Nothing in here knows an operation: where a link comes from, which call gives a place, and which kinds of files are
//! taken is handed in by `funcs/workflows/`.
//!
//! The requests go to whoever a link names. So they are no calls: they carry neither the key nor any other header of
//! the core's, and what is told about them shows neither the query of a link nor the fields of a form, which let
//! whoever has them in.

#[cfg(feature = "data-urls")]
mod data_url;
#[cfg(feature = "image-download")]
mod download;
mod kind;
mod options;
#[cfg(feature = "uploading")]
mod upload;

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderValue, Method};

#[cfg(feature = "data-urls")]
pub(crate) use self::data_url::{DataFile, base64};
#[cfg(all(feature = "image-download-all", not(target_arch = "wasm32")))]
pub use self::download::DownloadAll;
#[cfg(feature = "image-download")]
pub use self::download::{Download, DownloadError, DownloadReason, Downloaded, Progress};
#[cfg(feature = "uploading")]
pub(crate) use self::kind::Kind;
use self::options::Options;
#[cfg(feature = "uploading")]
pub(crate) use self::upload::{Form, Loaded, Look, Source, UploadTarget};
#[cfg(feature = "uploading")]
pub use self::upload::{Upload, UploadError, UploadProgress, UploadReason};
use crate::core::server_url::ServerUrl;
use crate::core::{LeonardoCore, USER_AGENT_NAME};
use crate::error;
use crate::retry::{Delays, RetryPolicy};
use crate::runtime::{self, Instant};
use crate::transport::{self, TransportError, TransportErrorKind, wire};
use crate::url::{Position, Url};

/// Reads the address of a transfer: what to show of it, and the address or the reason why it is none.
///
/// Plain HTTP is for the server that the core is configured with, which is then a local one.
pub(crate) fn address(text: &str, server: &ServerUrl) -> (String, Result<Url, &'static str>) {
    let Ok(mut url) = Url::parse(text) else {
        // There is no telling which part of it is secret.
        return (String::new(), Err("it is not a URL"));
    };
    url.set_fragment(None);
    let shown = shown(&url);
    let refused = if !url.username().is_empty() || url.password().is_some() {
        Some("it holds a user name or a password")
    } else if !matches!(url.scheme(), "http" | "https") {
        Some("its scheme must be https")
    } else if url.scheme() == "http" && url[..Position::BeforePath] != server.origin() {
        Some("its scheme is http, which only links to the configured server may have; others must be https")
    } else {
        None
    };
    (shown, refused.map_or(Ok(url), Err))
}

/// A URL without what may be secret.
pub(crate) fn shown(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    // URLs that have no origin have nothing to be shown either.
    let origin = if origin == "null" { format!("{}:", url.scheme()) } else { format!("{origin}{}", url.path()) };
    if url.query().is_some() { format!("{origin}?…") } else { origin }
}

/// What a Blob or a stream says of its failure.
#[cfg(target_arch = "wasm32")]
pub(crate) fn thrown(value: &wasm_bindgen::JsValue) -> String {
    let said = transport::fetch::message(value).or_else(|| value.as_string());
    error::clipped(&said.unwrap_or_else(|| "it does not say why".to_owned()))
}

/// Does something on a thread for blocking work.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// A request with nothing of the core's in it.
pub(crate) fn request(method: Method, url: Url) -> wire::Request {
    let mut request = wire::Request::new(method, url);
    // A browser has its own, and asks the server for permission to send others.
    if !cfg!(target_arch = "wasm32") {
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_NAME));
        // Pictures do not get smaller, and ranges and lengths are those of what is sent.
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    request
}

/// Why a storage did not do what was asked.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

/// The most of an error's body that is read.
const ERROR_BODY: usize = 64 * 1024;

/// Reads a response of a bad status. Of its body, code and message of the XML that storages give are kept.
pub(crate) async fn refusal(response: wire::Response, idle: Duration, secrets: &[&str]) -> Refusal {
    let retry_after = error::retry_after(response.headers());
    let (mut response, mut body) = (Some(response), Vec::new());
    // The status says enough if there is no more to be had.
    while let Some(Ok(Some(chunk))) = runtime::timeout(idle, pin!(next_chunk(&mut response))).await {
        body.extend_from_slice(&chunk[..chunk.len().min(ERROR_BODY - body.len())]);
        if body.len() == ERROR_BODY {
            break;
        }
    }
    let body = String::from_utf8_lossy(&body);
    let of = |name| element(&body, name).map(|text| error::clipped(&without(text, secrets)));
    Refusal { code: of("Code"), message: of("Message"), retry_after }
}

/// The next piece of a body.
pub(crate) async fn next_chunk(response: &mut Option<wire::Response>) -> wire::Result<Option<Bytes>> {
    match response {
        Some(response) => response.chunk().await,
        None => Ok(None),
    }
}

/// The text of the first element of that name in an XML document, if it has nothing but text in it.
fn element(xml: &str, name: &str) -> Option<String> {
    let rest = xml.split_once(&format!("<{name}>"))?.1;
    let text = rest.split_once(&format!("</{name}>"))?.0;
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let text = plain.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain));
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// How far an exchange came, and why no further.
pub(crate) fn broken(error: &TransportError) -> String {
    let what = match error.kind() {
        TransportErrorKind::Connect => "the server cannot be reached",
        TransportErrorKind::Invalid => "the request cannot be sent",
        TransportErrorKind::Body => "the transfer broke off",
        _ => "the exchange broke off",
    };
    format!("{what}: {error}")
}

/// What to do about it.
pub(crate) fn advice(error: &TransportError) -> &'static str {
    match error.kind() {
        TransportErrorKind::Connect => "Check the network, the proxy, and that this build has TLS; then try again.",
        _ => "Try again.",
    }
}

/// What a storage said, at the end of a sentence about its status.
pub(crate) fn said(code: &Option<String>, message: &Option<String>) -> String {
    match (code, message) {
        (Some(code), Some(message)) => format!(" ({code}: {message})"),
        (Some(text), None) | (None, Some(text)) => format!(" ({text})"),
        (None, None) => String::new(),
    }
}

/// What is shorter is no secret, and would redact words.
const SECRET: usize = 8;

/// Redacts what a storage repeats of what it was sent.
fn without(text: String, secrets: &[&str]) -> String {
    secrets.iter().filter(|secret| secret.len() >= SECRET).fold(text, |text, secret| text.replace(secret, "[hidden]"))
}

/// The beginning of a body, to be shown, without what it repeats of `secrets`.
#[cfg(feature = "image-download")]
pub(crate) fn excerpt(head: &[u8], secrets: &[&str]) -> String {
    let mut text = without(String::from_utf8_lossy(head).into_owned(), secrets);
    // The end may have cut a secret, so that it was not found.
    let cut = |tail: &str| secrets.iter().any(|secret| secret.len() >= SECRET && secret.starts_with(tail));
    let at = text.char_indices().map(|(at, _)| at).find(|&at| text.len() - at >= 4 && cut(&text[at..]));
    text.truncate(at.unwrap_or(text.len()));
    error::clipped(&text)
}

/// What either kind of transfer can fail of.
pub(crate) trait Reason: Sized {
    fn no_runtime() -> Self;
    fn deadline(limit: Duration) -> Self;
    fn idle(limit: Duration) -> Self;
    fn connection(error: TransportError) -> Self;
}

/// Why an attempt failed.
pub(crate) struct Failure<R> {
    pub(crate) reason: R,
    /// Whether another one may do better.
    pub(crate) transient: bool,
    /// The delay that the server asks for.
    pub(crate) delay: Option<Duration>,
}

impl<R> From<R> for Failure<R> {
    fn from(reason: R) -> Self {
        Self { reason, transient: false, delay: None }
    }
}

impl<R: Reason> Failure<R> {
    pub(crate) fn transient(reason: R) -> Self {
        Self { reason, transient: true, delay: None }
    }

    /// No byte was moved for so long.
    pub(crate) fn idle(limit: Duration) -> Self {
        Self::transient(R::idle(limit))
    }

    /// There was no response.
    pub(crate) fn no_response(error: wire::Error) -> Self {
        let error = transport::no_response(error);
        Self { transient: error.kind() != TransportErrorKind::Invalid, ..R::connection(error).into() }
    }
}

/// Whether a transfer with that deadline can begin at all.
pub(crate) fn may_begin<R: Reason>(limit: Duration) -> Result<(), R> {
    // The future of a timeout is polled before its timer.
    if limit.is_zero() {
        return Err(R::deadline(limit));
    }
    if runtime::is_running() { Ok(()) } else { Err(R::no_runtime()) }
}

/// Does the work of a transfer until its deadline.
pub(crate) async fn in_time<T, R: Reason>(
    limit: Duration,
    work: Pin<&mut impl Future<Output = Result<T, R>>>,
) -> Result<T, R> {
    runtime::timeout(limit, work).await.unwrap_or(Err(R::deadline(limit)))
}

/// Decides when a transfer is attempted again.
pub(crate) struct Retries {
    core: LeonardoCore,
    policy: RetryPolicy,
    delays: Delays,
    started: Instant,
    limit: Duration,
    /// Every attempt.
    pub(crate) attempts: u32,
    /// Those since a download last came a good deal further.
    counted: u32,
    /// When a byte was last moved.
    moved: Instant,
    pub(crate) out_of_budget: bool,
}

impl Retries {
    pub(crate) fn new(core: &LeonardoCore, options: &Options) -> Self {
        let policy = options.retry.clone().unwrap_or_else(|| core.inner.retry.clone());
        let now = Instant::now();
        Self {
            core: core.clone(),
            delays: policy.delays(),
            policy,
            started: now,
            limit: options.limit(),
            attempts: 0,
            counted: 0,
            moved: now,
            out_of_budget: false,
        }
    }

    pub(crate) fn begin(&mut self) {
        self.attempts += 1;
        self.counted += 1;
    }

    pub(crate) fn moved(&mut self) {
        self.moved = Instant::now();
    }

    /// The transfer came so far that what failed before does not count any more.
    #[cfg(feature = "image-download")]
    pub(crate) fn forgive(&mut self) {
        self.counted = 0;
        self.delays = self.policy.delays();
    }

    /// Waits until the next attempt may begin, or gives the reason back if there must not be one.
    pub(crate) async fn before_next<R>(&mut self, failure: Failure<R>) -> Result<(), R> {
        let Failure { reason, transient, delay } = failure;
        match if transient { self.next(delay) } else { None } {
            Some(delay) => runtime::sleep(delay).await,
            None => return Err(reason),
        }
        Ok(())
    }

    /// The delay before the next attempt; none if there must not be one.
    ///
    /// A transfer may take longer than any call, so the policy's time counts from the last byte that was moved. What
    /// the server asks for makes the delay longer, and never shorter: it may ask for none.
    fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let delay = self.delays.next().max(asked.unwrap_or_default());
        let allowed = self.policy.allows(self.counted, self.moved.elapsed(), delay);
        if !allowed || self.elapsed().saturating_add(delay) >= self.limit {
            return None;
        }
        self.out_of_budget = !self.core.inner.budget.take();
        (!self.out_of_budget).then_some(delay)
    }

    pub(crate) fn succeeded(&self) {
        self.core.inner.budget.give_back(self.attempts);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_the_configured_server() {
        let local = ServerUrl::parse("http://127.0.0.1:8080/api/rest").unwrap();
        let real = ServerUrl::parse("https://cloud.leonardo.ai/api/rest").unwrap();
        for (url, server, refused) in [
            ("https://cdn.example/a.jpg", &real, None),
            ("https://cdn.example/a.jpg", &local, None),
            ("http://127.0.0.1:8080/cdn/a.jpg", &local, None),
            ("http://127.0.0.1:8081/cdn/a.jpg", &local, Some("http")),
            ("http://localhost:8080/cdn/a.jpg", &local, Some("http")),
            ("http://127.0.0.1:8080/cdn/a.jpg", &real, Some("http")),
            ("http://cloud.leonardo.ai/a.jpg", &real, Some("http")),
            ("http://cloud.leonardo.ai:443/a.jpg", &real, Some("http")),
            ("file:///etc/passwd", &real, Some("must be https")),
            ("ftp://cdn.example/a", &real, Some("must be https")),
            ("data:image/png;base64,AAAA", &real, Some("must be https")),
            ("https://name:s3cr3t@cdn.example/a", &real, Some("user name")),
            ("/a.jpg", &real, Some("not a URL")),
            ("", &real, Some("not a URL")),
        ] {
            let (shown, result) = address(url, server);
            assert!(!shown.contains("s3cr3t"), "{shown}");
            match (result, refused) {
                (Ok(_), None) => {}
                (Err(reason), Some(part)) => assert!(reason.contains(part), "{url}: {reason}"),
                (result, _) => panic!("{url}: {result:?}"),
            }
        }
        let (shown, url) = address("https://h.example:444/a/b?X-Amz-Signature=s3cr3t#x", &real);
        assert_eq!(shown, "https://h.example:444/a/b?…");
        assert_eq!(url.unwrap().as_str(), "https://h.example:444/a/b?X-Amz-Signature=s3cr3t");
    }

    #[test]
    fn what_a_storage_says() {
        let xml = "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>a &lt;b&gt; &amp;amp; c</Message></Error>";
        assert_eq!(element(xml, "Code").as_deref(), Some("AccessDenied"));
        assert_eq!(element(xml, "Message").as_deref(), Some("a <b> &amp; c"));
        for none in ["", "<Code>", "<Code></Code>", "</Code><Code>", "<html>"] {
            assert_eq!(element(none, "Code"), None, "{none}");
        }
        assert_eq!(without("sig 0123456789 of ab".into(), &["0123456789", "ab"]), "sig [hidden] of ab");
    }

    #[test]
    #[cfg(feature = "image-download")]
    fn a_beginning_shows_no_part_of_a_secret() {
        let secrets = ["0123456789abcdef", "short"];
        for (head, shown) in [
            (&b"<p>0123456789abcdef</p>"[..], "<p>[hidden]</p>"),
            (b"<p>0123456789ab", "<p>"),
            (b"a short 012", "a short 012"),
            (b"\x1b[2J\r\n\xff.", " [2J  \u{fffd}"),
            (b"", ""),
        ] {
            assert_eq!(excerpt(head, &secrets), shown);
        }
    }

    #[test]
    fn a_server_makes_delays_longer_and_never_shorter() {
        let core = crate::LeonardoCore::new("99999999-8888-4777-8666-555555555555").unwrap();
        let policy = RetryPolicy::default().jitter(0.0).max_attempts(9);
        let options = Options { deadline: None, retry: Some(policy), ..Options::new(Duration::MAX) };
        let mut retries = Retries::new(&core, &options);
        let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
        for (asked, delay) in [
            (seconds(0.0), seconds(0.5)),
            (None, seconds(1.0)),
            (seconds(9.0), seconds(9.0)),
            // The delays before were the policy's first, second and third.
            (seconds(3.0), seconds(4.0)),
            (seconds(3600.0), None),
        ] {
            retries.begin();
            assert_eq!(retries.next(asked), delay, "{asked:?}");
        }
    }
}
