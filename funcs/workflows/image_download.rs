//! A picture from its link to a file, a writer or memory.

use std::fmt;
#[cfg(not(target_arch = "wasm32"))]
use std::io;
#[cfg(not(target_arch = "wasm32"))]
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
#[cfg(not(target_arch = "wasm32"))]
use tokio::io::{AsyncWrite, AsyncWriteExt};
use url::Url;

use crate::LeonardoCore;
use crate::error::{self, ConfigError, Error};
use crate::retry::RetryPolicy;
use crate::runtime::{self, BoxFuture};
#[cfg(not(target_arch = "wasm32"))]
use crate::transfer::part::Part;
use crate::transfer::{self as storage, Repeats};
use crate::transport::{self, TransportError, TransportErrorKind};

/// Downloads what a link leads to, such as the `url` of a generated image. Costs no credits, and no request to the API.
///
/// Say where it goes: [`to_file`](Download::to_file), [`to_writer`](Download::to_writer) or
/// [`to_bytes`](Download::to_bytes). The first two need the same little memory for files of any size.
///
/// The request carries neither the key nor any header of the core's. The link must be https, unless scheme, host and
/// port are those of the configured server. Redirects are not followed.
///
/// What arrives must begin as a picture or a video does; see [`any_content`](Download::any_content).
///
/// # Errors
///
/// [`DownloadError`].
pub fn image_download(core: &LeonardoCore, url: impl AsRef<str>) -> Download<'_> {
    Download {
        core,
        url: url.as_ref().to_owned(),
        any_content: false,
        max_bytes: 256 * 1024 * 1024,
        idle_timeout: storage::IDLE,
        deadline: Some(storage::DEADLINE),
        retry: None,
        on_progress: None,
    }
}

/// A download that is going to be made; made by [`image_download`].
///
/// A transfer that breaks off goes on where it stopped, if the server can do that and still has the same file;
/// otherwise it begins anew. Repeated are: no connection, a broken or stalled transfer, a wrong length, an empty body,
/// 408, 429 and 5xx.
#[must_use = "nothing is downloaded until it is said where to"]
pub struct Download<'a> {
    core: &'a LeonardoCore,
    url: String,
    any_content: bool,
    max_bytes: u64,
    idle_timeout: Duration,
    deadline: Option<Duration>,
    retry: Option<RetryPolicy>,
    on_progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The bytes that arrived. Never fewer than before, even if the download had to begin anew.
    pub received: u64,
    /// The bytes of the whole, if the server tells.
    pub total: Option<u64>,
}

/// What was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// The length in bytes.
    pub bytes: u64,
    /// What the server says that it is, such as `image/jpeg`.
    pub content_type: Option<String>,
    /// How many requests it took.
    pub attempts: u32,
}

impl<'a> Download<'a> {
    /// Whether files of every kind are accepted, empty ones included. Defaults to `false`: what arrives must begin as a
    /// picture (PNG, JPEG, WebP, GIF, AVIF, HEIC, BMP, TIFF) or a video (MP4, MOV, WebM, Matroska) does. Anything else,
    /// such as the page of a proxy, ends in [`DownloadReason::NotMedia`] before any of it is written.
    pub fn any_content(mut self, any: bool) -> Self {
        self.any_content = any;
        self
    }

    /// The largest file that is accepted, in bytes; 256 MiB if not set. A larger one is refused when it is announced, or
    /// else when it exceeds the limit.
    pub fn max_bytes(mut self, limit: u64) -> Self {
        self.max_bytes = limit;
        self
    }

    /// The longest time without a byte, which begins with connecting; 30 seconds if not set.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// The longest that all of it may take; an hour if not set, `None` for no limit. If it is zero, nothing is sent.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// How broken transfers are repeated; the core's if not set.
    ///
    /// Two things differ from a call: the policy's time counts from the last byte that arrived, and its attempts count
    /// anew whenever the download has come 1 MiB further.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Is told how far the download is, whenever some of it arrived.
    pub fn on_progress(mut self, told: impl FnMut(Progress) + Send + 'a) -> Self {
        self.on_progress = Some(Box::new(told));
        self
    }

    /// Downloads to a file.
    ///
    /// It is written under another name in the same directory, `.NAME.RANDOM.part`, and gets its own name once it is
    /// whole and on the disk; then it replaces a file that has that name. If the download fails, or is dropped, the
    /// unfinished file is removed.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_file(self, path: impl Into<PathBuf>) -> BoxFuture<'a, Result<Downloaded, DownloadError>> {
        let path = path.into();
        Box::pin(async move {
            let name = path.clone();
            self.into_part(&path, |_| name).await.map(|(_, downloaded)| downloaded)
        })
    }

    /// Downloads into a writer, which is flushed in the end, but not shut down.
    ///
    /// A writer cannot take back what was written to it, so a download that would have to begin anew fails. What was
    /// written until then is the beginning of the file.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_writer<'w, W>(self, mut writer: W) -> BoxFuture<'w, Result<Downloaded, DownloadError>>
    where
        W: AsyncWrite + Unpin + Send + 'w,
        'a: 'w,
    {
        Box::pin(async move {
            let mut transfer = Transfer::new(self)?;
            transfer.run(&mut Sink::Writer(&mut writer)).await?;
            Ok(transfer.downloaded())
        })
    }

    /// Downloads into memory, up to [`max_bytes`](Self::max_bytes).
    pub fn to_bytes(self) -> BoxFuture<'a, Result<Bytes, DownloadError>> {
        Box::pin(async move {
            let mut bytes = Vec::new();
            Transfer::new(self)?.run(&mut Sink::Memory(&mut bytes)).await?;
            Ok(bytes.into())
        })
    }

    /// Downloads to a file in the directory of `near`, and names it when it is known what it is.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) async fn into_part(
        self,
        near: &Path,
        name: impl FnOnce(&Kind<'_>) -> PathBuf,
    ) -> Result<(PathBuf, Downloaded), DownloadError> {
        let mut transfer = Transfer::new(self)?;
        let part = Part::create(near).await;
        let mut part = part.map_err(|source| transfer.error(DownloadReason::File { path: near.into(), source }))?;
        transfer.run(&mut Sink::File(near, &mut part)).await?;
        let kind =
            Kind { head: &transfer.head, content_type: transfer.content_type.as_deref(), path: transfer.url.path() };
        let path = name(&kind);
        match part.finish(path.clone()).await {
            Ok(()) => Ok((path, transfer.downloaded())),
            Err(source) => Err(transfer.error(DownloadReason::File { path, source })),
        }
    }
}

impl fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, _) = storage::address(&self.url, &self.core.inner.server);
        f.debug_struct("Download").field("url", &url).finish_non_exhaustive()
    }
}

/// What can be told of a file that has arrived.
#[cfg(not(target_arch = "wasm32"))]
#[cfg_attr(not(feature = "image-download-all"), allow(dead_code, reason = "one file has its name from the caller"))]
pub(super) struct Kind<'a> {
    pub(super) head: &'a [u8],
    pub(super) content_type: Option<&'a str>,
    /// The path of the link.
    pub(super) path: &'a str,
}

/// Where a download goes.
enum Sink<'a> {
    Memory(&'a mut Vec<u8>),
    #[cfg(not(target_arch = "wasm32"))]
    File(&'a Path, &'a mut Part),
    #[cfg(not(target_arch = "wasm32"))]
    Writer(&'a mut (dyn AsyncWrite + Unpin + Send)),
}

impl Sink<'_> {
    async fn write(&mut self, chunk: &[u8]) -> Result<(), DownloadReason> {
        match self {
            Self::Memory(bytes) => bytes.extend_from_slice(chunk),
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(path, part) => part.write(chunk).await.map_err(|source| cannot_write(path, source))?,
            #[cfg(not(target_arch = "wasm32"))]
            Self::Writer(writer) => writer.write_all(chunk).await.map_err(DownloadReason::Writer)?,
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), DownloadReason> {
        match self {
            #[cfg(not(target_arch = "wasm32"))]
            Self::Writer(writer) => writer.flush().await.map_err(DownloadReason::Writer),
            _ => Ok(()),
        }
    }

    /// Forgets what was written.
    async fn restart(&mut self) -> Result<(), DownloadReason> {
        match self {
            Self::Memory(bytes) => bytes.clear(),
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(path, part) => part.restart().await.map_err(|source| cannot_write(path, source))?,
            #[cfg(not(target_arch = "wasm32"))]
            Self::Writer(_) => return Err(DownloadReason::CannotRestart),
        }
        Ok(())
    }

    fn can_restart(&self) -> bool {
        match self {
            Self::Memory(_) => true,
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(..) => true,
            #[cfg(not(target_arch = "wasm32"))]
            Self::Writer(_) => false,
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn cannot_write(path: &Path, source: io::Error) -> DownloadReason {
    DownloadReason::File { path: path.to_owned(), source }
}

/// How much further a download must come for the attempts until then not to count any more.
const A_GOOD_DEAL: u64 = 1024 * 1024;

/// A download under way.
struct Transfer<'a> {
    core: &'a LeonardoCore,
    url: Url,
    /// The URL as it may be shown.
    shown: String,
    any_content: bool,
    max_bytes: u64,
    idle_timeout: Duration,
    on_progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
    repeats: Repeats<'a>,
    /// The bytes that arrived.
    received: u64,
    /// Whether they are in the sink. Before that `head` has all of them.
    begun: bool,
    /// The most bytes that had arrived when an attempt had brought a good deal.
    furthest: u64,
    reported: Option<u64>,
    total: Option<u64>,
    /// What tells this file from a changed one, if there is a way to.
    validator: Option<HeaderValue>,
    content_type: Option<String>,
    /// The first bytes.
    head: Vec<u8>,
}

/// Why an attempt failed.
struct Failure {
    reason: DownloadReason,
    /// Whether another one may do better.
    passing: bool,
    /// How long the server asks to wait.
    pause: Option<Duration>,
}

impl From<DownloadReason> for Failure {
    fn from(reason: DownloadReason) -> Self {
        Self { reason, passing: false, pause: None }
    }
}

fn passing(reason: DownloadReason) -> Failure {
    Failure { reason, passing: true, pause: None }
}

impl<'a> Transfer<'a> {
    fn new(download: Download<'a>) -> Result<Self, DownloadError> {
        let Download { core, url, any_content, max_bytes, idle_timeout, deadline, retry, on_progress } = download;
        let repeats = Repeats::new(&core.inner, retry, deadline);
        let (shown, url) = storage::address(&url, &core.inner.server);
        let url = match url {
            // The future of a timeout is polled before its timer.
            Ok(_) if repeats.deadline.is_zero() => {
                return Err(DownloadError::unsent(shown, DownloadReason::Deadline { limit: Duration::ZERO }));
            }
            Ok(url) if runtime::is_running() => url,
            Ok(_) => return Err(DownloadError::unsent(shown, DownloadReason::NoRuntime)),
            Err(reason) => return Err(DownloadError::unsent(shown, DownloadReason::Url(reason))),
        };
        Ok(Self {
            core,
            url,
            shown,
            any_content,
            max_bytes,
            idle_timeout,
            on_progress,
            repeats,
            received: 0,
            begun: false,
            furthest: 0,
            reported: None,
            total: None,
            validator: None,
            content_type: None,
            head: Vec::new(),
        })
    }

    async fn run(&mut self, sink: &mut Sink<'_>) -> Result<(), DownloadError> {
        let deadline = self.repeats.deadline;
        let result = runtime::timeout(deadline, pin!(self.attempts(sink))).await;
        let result = result.unwrap_or(Err(DownloadReason::Deadline { limit: deadline }));
        result.map_err(|reason| self.error(reason))
    }

    fn error(&self, reason: DownloadReason) -> DownloadError {
        DownloadError {
            url: self.shown.clone(),
            attempts: self.repeats.attempts,
            received: self.received,
            elapsed: self.repeats.elapsed(),
            out_of_budget: self.repeats.out_of_budget,
            reason,
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn downloaded(self) -> Downloaded {
        Downloaded { bytes: self.received, content_type: self.content_type, attempts: self.repeats.attempts }
    }

    async fn attempts(&mut self, sink: &mut Sink<'_>) -> Result<(), DownloadReason> {
        let core = self.core;
        let client = core.storage().map_err(DownloadReason::Config)?;
        loop {
            self.repeats.begin();
            let Failure { reason, passing, pause } = match self.attempt(client, sink).await {
                Ok(()) => {
                    self.repeats.succeeded();
                    return sink.finish().await;
                }
                Err(failure) => failure,
            };
            if !passing {
                return Err(reason);
            }
            if self.validator.is_none() && self.begun && !sink.can_restart() {
                return Err(reason);
            }
            // Only what was never reached before counts, so that a file that is begun anew again and again comes to an
            // end.
            if self.validator.is_some() && self.received >= self.furthest + A_GOOD_DEAL {
                self.furthest = self.received;
                self.repeats.forgive();
            }
            match self.repeats.next(pause) {
                Some(pause) => runtime::sleep(pause).await,
                None => return Err(reason),
            }
        }
    }

    /// One request, and what it brings.
    async fn attempt(&mut self, client: &reqwest::Client, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let mut request = storage::request(Method::GET, self.url.clone());
        let resumed = match &self.validator {
            Some(validator) if self.received > 0 => {
                let range = HeaderValue::try_from(format!("bytes={}-", self.received));
                request.headers_mut().insert(RANGE, range.map_err(|_| DownloadReason::Unusable("its length"))?);
                request.headers_mut().insert(IF_RANGE, validator.clone());
                true
            }
            _ => false,
        };
        if !resumed {
            self.restart(sink).await?;
        }
        let answer = runtime::timeout(self.idle_timeout, pin!(client.execute(request))).await;
        let response = match answer {
            Some(Ok(response)) => response,
            Some(Err(error)) => {
                let error = transport::no_answer(error);
                let invalid = error.kind() == TransportErrorKind::Invalid;
                return Err(Failure { passing: !invalid, ..DownloadReason::Connection(error).into() });
            }
            None => return Err(passing(DownloadReason::Idle { limit: self.idle_timeout })),
        };
        if *response.url() != self.url {
            // A client of the caller's own, or a browser, has followed it.
            let to = Some(storage::shown(response.url()));
            return Err(DownloadReason::Redirect { status: None, to }.into());
        }
        match response.status() {
            StatusCode::PARTIAL_CONTENT if resumed => self.resume(&response)?,
            StatusCode::OK => {
                self.restart(sink).await?;
                self.begin(&response, resumed)?;
            }
            // The file is shorter now, or the server cannot do it after all.
            StatusCode::RANGE_NOT_SATISFIABLE if resumed => return Err(self.cannot_resume("the range was refused")),
            _ => return Err(self.refused(response).await),
        }
        self.take(response, sink).await
    }

    async fn restart(&mut self, sink: &mut Sink<'_>) -> Result<(), DownloadReason> {
        if self.begun {
            sink.restart().await?;
        }
        self.begun = false;
        self.received = 0;
        self.head.clear();
        Ok(())
    }

    /// Looks at the head of an answer that brings the whole file.
    fn begin(&mut self, response: &reqwest::Response, instead_of_a_part: bool) -> Result<(), DownloadReason> {
        let headers = response.headers();
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if text(CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(DownloadReason::Unusable("its content is encoded, which was not asked for"));
        }
        self.content_type = text(CONTENT_TYPE).map(str::to_owned);
        self.total = response.content_length();
        let validator = validator(headers);
        // A server that was asked for a part of this very file, and gives all of it, will do so again.
        let never_resumes = instead_of_a_part && validator.is_some() && validator == self.validator;
        let never_resumes = never_resumes || text(ACCEPT_RANGES) == Some("none");
        self.validator = validator.filter(|_| !never_resumes);
        self.within_limit()
    }

    /// Looks at the head of an answer that brings the rest of the file.
    fn resume(&mut self, response: &reqwest::Response) -> Result<(), Failure> {
        let range = response.headers().get(CONTENT_RANGE).and_then(|range| Range::parse(range.to_str().ok()?));
        let Some(Range { first, total }) = range else {
            return Err(self.cannot_resume("it does not say which part of the file it has"));
        };
        if first != self.received {
            return Err(self.cannot_resume("it has another part of the file than was asked for"));
        }
        let changed_length = matches!((self.total, total), (Some(before), Some(now)) if before != now);
        let now = validator(response.headers());
        if changed_length || (now.is_some() && now != self.validator) {
            return Err(self.cannot_resume("the file has changed"));
        }
        let rest = response.content_length();
        self.total = self.total.or(total).or(rest.map(|rest| first.saturating_add(rest)));
        Ok(self.within_limit()?)
    }

    /// The next attempt begins anew.
    fn cannot_resume(&mut self, why: &'static str) -> Failure {
        self.validator = None;
        passing(DownloadReason::Unusable(why))
    }

    fn within_limit(&self) -> Result<(), DownloadReason> {
        match self.total {
            Some(total) if total > self.max_bytes => {
                Err(DownloadReason::TooLarge { limit: self.max_bytes, announced: self.total })
            }
            _ => Ok(()),
        }
    }

    async fn refused(&mut self, response: reqwest::Response) -> Failure {
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|to| self.url.join(to.to_str().ok()?).ok());
            return DownloadReason::Redirect { status: Some(status), to: to.map(|to| storage::shown(&to)) }.into();
        }
        let secrets = self.secrets();
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        let storage::Refusal { code, message, retry_after: pause } =
            storage::refusal(response, self.idle_timeout, &secrets).await;
        let reason = DownloadReason::Refused { status, code, message, retry_after: pause };
        Failure { reason, passing: error::is_transient(status), pause }
    }

    /// What the query holds, as it is meant and as it stands in the link.
    fn secrets(&self) -> Vec<String> {
        let meant = self.url.query_pairs().map(|(_, value)| value.into_owned());
        let query = self.url.query().unwrap_or_default();
        let written = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value).to_owned());
        meant.chain(written).collect()
    }

    /// Why what arrived is not written. Only an empty body may be another one the next time.
    fn not_media(&mut self) -> Failure {
        let secrets = self.secrets();
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        let content_type = self.content_type.as_ref().map(|text| storage::excerpt(text.as_bytes(), &secrets));
        let beginning = storage::excerpt(&self.head, &secrets);
        // Nothing of it is of the file.
        self.received = 0;
        let passing = beginning.is_empty();
        Failure { reason: DownloadReason::NotMedia { content_type, beginning }, passing, pause: None }
    }

    /// Reads the body to its end.
    async fn take(&mut self, response: reqwest::Response, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let mut response = Some(response);
        self.report();
        loop {
            let chunk = match runtime::timeout(self.idle_timeout, pin!(storage::next_chunk(&mut response))).await {
                Some(Ok(Some(chunk))) => chunk,
                Some(Ok(None)) => break,
                Some(Err(error)) => return Err(passing(DownloadReason::Connection(transport::broken_off(error)))),
                None => return Err(passing(DownloadReason::Idle { limit: self.idle_timeout })),
            };
            let length = self.received.saturating_add(chunk.len() as u64);
            if length > self.max_bytes {
                return Err(DownloadReason::TooLarge { limit: self.max_bytes, announced: None }.into());
            }
            let held = self.head.len();
            self.head.extend(chunk.iter().take(storage::HEAD - held));
            if !self.begun && (self.any_content || storage::extension_of(&self.head).is_some()) {
                self.begun = true;
                sink.write(&self.head[..held]).await?;
            }
            if self.begun {
                sink.write(&chunk).await?;
            } else if self.head.len() == storage::HEAD {
                return Err(self.not_media());
            }
            self.received = length;
            self.repeats.moved();
            self.report();
        }
        match self.total {
            Some(total) if self.received != total => {
                if self.received > total {
                    self.validator = None;
                }
                Err(passing(DownloadReason::Length { expected: total }))
            }
            _ if !self.begun && !self.any_content => Err(self.not_media()),
            _ => Ok(()),
        }
    }

    fn report(&mut self) {
        let Some(told) = &mut self.on_progress else { return };
        if self.reported.is_none_or(|before| before < self.received) {
            self.reported = Some(self.received);
            told(Progress { received: self.received, total: self.total });
        }
    }
}

/// What tells a file from a changed one under the same link: a strong tag, or else a date.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let strong = |tag: &&HeaderValue| tag.as_bytes().first() == Some(&b'"');
    headers.get(ETAG).filter(strong).or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

/// Which part of a file an answer has.
struct Range {
    first: u64,
    total: Option<u64>,
}

impl Range {
    /// Reads `bytes 5-9/10`.
    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let first = range.split_once('-')?.0.trim().parse().ok()?;
        let total = match total.trim() {
            "*" => None,
            total => Some(total.parse().ok()?),
        };
        Some(Self { first, total })
    }
}

/// Why a download failed.
///
/// The message says what to do next. It shows neither the key, which is never sent, nor the query of the link; nor does
/// `Debug`.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct DownloadError {
    /// The link without its query; empty if it is no URL.
    pub url: String,
    /// How many requests were made; 0 if nothing was sent.
    pub attempts: u32,
    /// How many bytes of the file there were in the end.
    pub received: u64,
    /// The time from the beginning to the end, pauses included.
    pub elapsed: Duration,
    /// Whether the transfer was not repeated because the core's [`RetryBudget`](crate::RetryBudget) was spent.
    pub out_of_budget: bool,
    /// What went wrong.
    #[source]
    pub reason: DownloadReason,
}

impl DownloadError {
    pub(super) fn unsent(url: String, reason: DownloadReason) -> Self {
        let (elapsed, out_of_budget) = Default::default();
        Self { url, attempts: 0, received: 0, elapsed, out_of_budget, reason }
    }

    fn message(&self) -> String {
        let Self { url, attempts, received, elapsed, out_of_budget, reason } = self;
        let name = if url.is_empty() { "image_download".to_owned() } else { format!("image_download of {url}") };
        let beginning = error::beginning(&name, *attempts, *elapsed, *out_of_budget);
        let so_far = match (attempts, received) {
            (0, _) => ". Nothing was sent".to_owned(),
            (_, 0) => String::new(),
            _ => format!(", after {received} bytes of the file"),
        };
        format!("{beginning}: {reason}{so_far}. {}", reason.advice())
    }

    /// Whether credits may have been spent: never, since a download costs none.
    pub fn may_have_been_charged(&self) -> bool {
        false
    }

    /// The id of a generation: none, since a link does not name one.
    pub fn generation_id(&self) -> Option<&str> {
        None
    }

    /// Whether the server said that there is no such file, with status 404 or 410.
    pub fn is_not_found(&self) -> bool {
        matches!(self.reason, DownloadReason::Refused { status: StatusCode::NOT_FOUND | StatusCode::GONE, .. })
    }

    /// How long the server asked to wait before another attempt, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        if let DownloadReason::Refused { retry_after, .. } = self.reason { retry_after } else { None }
    }
}

impl From<DownloadError> for Error {
    fn from(error: DownloadError) -> Self {
        Self::workflow(error)
    }
}

impl error::HasParts for DownloadError {
    fn parts(&self) -> error::Parts<'_> {
        error::Parts { is_not_found: self.is_not_found(), retry_after: self.retry_after(), ..error::Parts::default() }
    }
}

error::debug_as_display!(DownloadError, DownloadReason);

/// What went wrong with a download.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DownloadReason {
    /// The link cannot be used. Nothing was sent.
    #[error("the link cannot be used: {0}")]
    Url(&'static str),
    /// It was awaited outside of a Tokio runtime. Nothing was sent.
    #[error("a download must be awaited within a Tokio runtime")]
    NoRuntime,
    /// There is no client to download with. Nothing was sent.
    #[error(transparent)]
    Config(ConfigError),
    /// The server was not reached, or the exchange broke off.
    #[error("{}", storage::broken(.0))]
    Connection(#[source] TransportError),
    /// No byte arrived for so long.
    #[error("no byte arrived for {} s", limit.as_secs_f64())]
    Idle {
        /// The download's [`idle_timeout`](Download::idle_timeout).
        limit: Duration,
    },
    /// All of it took too long.
    #[error("it was not complete within {} s, the download's deadline", limit.as_secs_f64())]
    Deadline {
        /// The download's [`deadline`](Download::deadline).
        limit: Duration,
    },
    /// The server has something against it.
    #[error("the server answered {status}{}", storage::said(.code, .message))]
    Refused {
        /// The status.
        status: StatusCode,
        /// The storage's code, such as `NoSuchKey`.
        code: Option<String>,
        /// The storage's words.
        message: Option<String>,
        /// How long it asked to wait before another attempt, by `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The server sends elsewhere, which is not followed.
    #[error("the server redirects{}, which is not followed", .to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default())]
    Redirect {
        /// The status; none if a client of the caller's own has followed it.
        status: Option<StatusCode>,
        /// Where to, without the query.
        to: Option<String>,
    },
    /// It is larger than was allowed.
    #[error("the file is larger than {limit} bytes{}", .announced.map(|announced| format!(": it has {announced}")).unwrap_or_default())]
    TooLarge {
        /// The download's [`max_bytes`](Download::max_bytes).
        limit: u64,
        /// Its length, if it was announced.
        announced: Option<u64>,
    },
    /// It ended too early or too late.
    #[error("the file does not have the {expected} bytes that were announced")]
    Length {
        /// The length that was announced.
        expected: u64,
    },
    /// The response is neither a picture nor a video, and [`any_content`](Download::any_content) is not set. Nothing
    /// of it was written.
    #[error("{}", instead(.content_type, .beginning))]
    NotMedia {
        /// What the server says that it is.
        content_type: Option<String>,
        /// How it begins: at most 64 characters, none of them a control character. Empty if there is nothing in it.
        beginning: String,
    },
    /// The answer is not one to a download, or to the rest of one.
    #[error("the answer cannot be used: {0}")]
    Unusable(&'static str),
    /// It would have to begin anew, but the writer has the beginning of the file already.
    #[error("it would have to begin anew, and the writer cannot")]
    CannotRestart,
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The caller's writer failed.
    #[error("the writer failed: {0}")]
    Writer(#[source] std::io::Error),
}

impl DownloadReason {
    fn advice(&self) -> &'static str {
        match self {
            Self::Url(_) => "Take the link from a generation that was just read.",
            Self::NoRuntime => "Await it within one.",
            Self::Config(_) => "Correct the setting that it names.",
            Self::Connection(error) => storage::advice(error),
            Self::Unusable(_) | Self::Length { .. } => "Try again.",
            Self::Idle { .. } | Self::Deadline { .. } => "Try again, or allow more time.",
            Self::Refused { status, .. } if error::is_transient(*status) => "Try again later.",
            Self::Refused { .. } => "Read the generation again and take the link from there; it may be gone.",
            Self::Redirect { .. } => "Check the link, and any proxy between.",
            Self::TooLarge { .. } => "Raise max_bytes, if that is a size to expect.",
            Self::NotMedia { beginning, .. } if beginning.is_empty() => "Try again.",
            Self::NotMedia { .. } => {
                "Check the link and any proxy between, and read the generation again for a new link; any_content(true) \
                 accepts other kinds of files."
            }
            Self::CannotRestart => "Download to a file, which can begin anew.",
            Self::File { .. } => "Check the directory, its permissions and the space that is left.",
            Self::Writer(_) => "What was written is the beginning of the file.",
        }
    }
}

/// What came where a picture or a video was expected.
fn instead(content_type: &Option<String>, beginning: &str) -> String {
    let what = match beginning.trim_start_matches('\u{feff}').as_bytes() {
        [] => "is empty",
        [b'<', ..] if beginning.starts_with("<?xml") || content_type.as_ref().is_some_and(|it| it.contains("xml")) => {
            "is an XML document"
        }
        [b'<', ..] => "is an HTML page",
        [b'{' | b'[', ..] => "is JSON",
        _ => "is something else",
    };
    let mut text = format!("a picture or a video was expected, and the response {what}");
    if let Some(content_type) = content_type {
        text.push_str(&format!(" ({content_type})"));
    }
    if !beginning.is_empty() {
        text.push_str(&format!(", which begins {beginning:?}"));
    }
    text
}
