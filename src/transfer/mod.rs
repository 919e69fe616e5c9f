//! What downloads and uploads have in common.
//!
//! Their requests go to whoever a link names. So they are no calls: they carry neither the key nor any other header of
//! the core's, and what is told about them shows neither the query of a link nor the fields of a form, which let
//! whoever has them in.

#[cfg(all(feature = "image-download", not(target_arch = "wasm32")))]
pub(crate) mod part;

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderValue, Method};
use url::{Position, Url};

use crate::core::Inner;
use crate::core::server_url::ServerUrl;
use crate::error;
use crate::retry::{Backoff, RetryPolicy};
use crate::runtime::{self, Instant};
use crate::transport::{TransportError, TransportErrorKind};

/// The longest pause within a download, if the caller sets none.
#[cfg(feature = "image-download")]
pub(crate) const IDLE: Duration = Duration::from_secs(30);
/// The longest that a transfer may take, if the caller sets nothing else.
pub(crate) const DEADLINE: Duration = Duration::from_secs(3600);

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

/// Does something on a thread for blocking work.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// A request with nothing of the core's in it.
pub(crate) fn request(method: Method, url: Url) -> reqwest::Request {
    let mut request = reqwest::Request::new(method, url);
    // A browser has its own, and asks the server for permission to send others.
    if !cfg!(target_arch = "wasm32") {
        let name = concat!("leonardo-ai/", env!("CARGO_PKG_VERSION"), " (rust)");
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(name));
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

/// Reads an answer of a bad status. Of its body, code and message of the XML that storages give are kept.
pub(crate) async fn refusal(response: reqwest::Response, idle: Duration, secrets: &[&str]) -> Refusal {
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
#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn next_chunk(response: &mut Option<reqwest::Response>) -> reqwest::Result<Option<Bytes>> {
    match response {
        Some(response) => response.chunk().await,
        None => Ok(None),
    }
}

/// The next piece of a body: `fetch` hands over whole bodies.
#[cfg(target_arch = "wasm32")]
pub(crate) async fn next_chunk(response: &mut Option<reqwest::Response>) -> reqwest::Result<Option<Bytes>> {
    match response.take() {
        Some(response) => response.bytes().await.map(Some),
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

/// What is shorter is no secret, and would blot out words.
const SECRET: usize = 8;

/// Blots out what a storage repeats of what it was sent.
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

/// How pictures and videos begin: the extension of files with this beginning, `None` if it is neither.
pub(crate) fn extension_of(head: &[u8]) -> Option<&'static str> {
    Some(match head {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpg",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "gif",
        // Two letters alone could begin any text; the four bytes after the length are reserved.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => "bmp",
        [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => "tiff",
        [0x1a, 0x45, 0xdf, 0xa3, rest @ ..] => match rest.windows(8).any(|word| word == b"matroska") {
            true => "mkv",
            false => "webm",
        },
        [_, _, _, _, b'f', b't', b'y', b'p', a, b, c, d, rest @ ..] => match &[*a, *b, *c, *d] {
            b"avif" | b"avis" => "avif",
            // These brands are those of the container; the brands after it tell what is in it.
            b"mif1" | b"msf1" if rest.chunks(4).any(|brand| brand == b"avif" || brand == b"avis") => "avif",
            b"mif1" | b"msf1" => "heic",
            [b'h', b'e', b'i' | b'v', b'c' | b'x' | b'm' | b's'] => "heic",
            b"qt  " => "mov",
            _ => "mp4",
        },
        _ => return None,
    })
}

/// All that `extension_of` gives.
#[cfg(all(feature = "image-download-all", not(target_arch = "wasm32")))]
pub(crate) const EXTENSIONS: [&str; 12] =
    ["png", "jpg", "webp", "gif", "avif", "heic", "bmp", "tiff", "mp4", "mov", "webm", "mkv"];

/// As many of a file's first bytes as it takes to tell what it is, and to show what it is instead.
pub(crate) const HEAD: usize = 64;

/// Decides when a transfer is attempted again.
pub(crate) struct Repeats<'a> {
    core: &'a Inner,
    policy: RetryPolicy,
    backoff: Backoff,
    started: Instant,
    pub(crate) deadline: Duration,
    /// Every attempt.
    pub(crate) attempts: u32,
    /// Those since the transfer last came a good deal further.
    counted: u32,
    /// When a byte was last moved.
    moved: Instant,
    pub(crate) out_of_budget: bool,
}

impl<'a> Repeats<'a> {
    pub(crate) fn new(core: &'a Inner, policy: Option<RetryPolicy>, deadline: Option<Duration>) -> Self {
        let policy = policy.unwrap_or_else(|| core.retry.clone());
        let now = Instant::now();
        Self {
            core,
            backoff: policy.backoff(),
            policy,
            started: now,
            deadline: deadline.unwrap_or(Duration::MAX),
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
        self.backoff = self.policy.backoff();
    }

    /// The pause before the next attempt; none if there must not be one.
    ///
    /// A transfer may take longer than any call, so the policy's time counts from the last byte that was moved. What
    /// the server asks for makes the pause longer, and never shorter: it may ask for none.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let pause = self.backoff.next().max(asked.unwrap_or_default());
        let allowed = self.policy.allows(self.counted, self.moved.elapsed(), pause);
        if !allowed || self.elapsed().saturating_add(pause) >= self.deadline {
            return None;
        }
        self.out_of_budget = !self.core.budget.take();
        (!self.out_of_budget).then_some(pause)
    }

    pub(crate) fn succeeded(&self) {
        self.core.budget.give_back(self.attempts);
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
    fn kinds() {
        for (head, extension) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("png")),
            (b"\xff\xd8\xff\xe0", Some("jpg")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("webp")),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"GIF89a", Some("gif")),
            (b"\0\0\0\x20ftypisom", Some("mp4")),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Some("mov")),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", Some("avif")),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", Some("avif")),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", Some("heic")),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1", Some("heic")),
            (b"\0\0\0\x18ftyphevx\0\0\0\0msf1", Some("heic")),
            (b"\0\0\0\x20ftyp", None),
            (b"BM\x9a\0\0\0\0\0\0\0\x36\0", Some("bmp")),
            (b"BMW is no picture", None),
            (b"II*\0\x08\0\0\0", Some("tiff")),
            (b"MM\0*\0\0\0\x08", Some("tiff")),
            (b"MM\0+\0\x08\0\0", Some("tiff")),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", Some("webm")),
            (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska", Some("mkv")),
            (b"\x89PN", None),
            (b"plain text", None),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(extension_of(head), extension, "{head:?}");
            #[cfg(feature = "image-download-all")]
            assert!(extension.is_none_or(|extension| EXTENSIONS.contains(&extension)), "{extension:?}");
        }
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
    fn a_server_makes_pauses_longer_and_never_shorter() {
        let core = crate::LeonardoCore::new("99999999-8888-4777-8666-555555555555").unwrap();
        let policy = RetryPolicy::default().jitter(0.0).max_attempts(9);
        let mut repeats = Repeats::new(&core.inner, Some(policy), None);
        let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
        for (asked, pause) in [
            (seconds(0.0), seconds(0.5)),
            (None, seconds(1.0)),
            (seconds(9.0), seconds(9.0)),
            // The pauses before were the policy's first, second and third.
            (seconds(3.0), seconds(4.0)),
            (seconds(3600.0), None),
        ] {
            repeats.begin();
            assert_eq!(repeats.next(asked), pause, "{asked:?}");
        }
    }
}
