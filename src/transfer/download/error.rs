//! Why a download failed.

use std::time::Duration;

use http::StatusCode;

use super::super::{Reason, advice, broken, said};
use crate::error::{self, ConfigError, Error};
use crate::transport::TransportError;

/// Why a download failed.
///
/// The message says what to do next. It shows neither the key, which is never sent, nor the query of the link; nor does
/// `Debug`.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct DownloadError {
    /// The link without its query; empty if it is no URL. Of a picture that came in a response, words that say so.
    pub url: Box<str>,
    /// How many requests were made; 0 if nothing was sent.
    pub attempts: u32,
    /// How many bytes of the file there were in the end.
    pub received: u64,
    /// The time from the beginning to the end, delays included.
    pub elapsed: Duration,
    /// Whether the transfer was not retried because the core's [`RetryBudget`](crate::RetryBudget) was spent.
    pub out_of_budget: bool,
    /// What went wrong.
    #[source]
    pub reason: DownloadReason,
}

impl DownloadError {
    pub(in crate::transfer) fn unsent(url: String, reason: DownloadReason) -> Self {
        let (elapsed, out_of_budget) = Default::default();
        Self { url: url.into(), attempts: 0, received: 0, elapsed, out_of_budget, reason }
    }

    fn message(&self) -> String {
        let Self { url, attempts, received, elapsed, out_of_budget, reason } = self;
        let name = if url.is_empty() { "download".to_owned() } else { format!("download of {url}") };
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
    #[error("{}", broken(.0))]
    Connection(#[source] TransportError),
    /// No byte arrived for so long.
    #[error("no byte arrived for {} s", error::Seconds(*limit))]
    Idle {
        /// The download's [`idle_timeout`](super::Download::idle_timeout).
        limit: Duration,
    },
    /// All of it took too long.
    #[error("it was not complete within {} s, the download's deadline", error::Seconds(*limit))]
    Deadline {
        /// The download's [`deadline`](super::Download::deadline).
        limit: Duration,
    },
    /// The server has something against it.
    #[error("the server responded with {status}{}", said(.code, .message))]
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
        /// The download's [`max_bytes`](super::Download::max_bytes).
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
    /// The response is neither a picture nor a video, and [`any_content`](super::Download::any_content) is not set. Nothing
    /// of it was written.
    #[error("{}", instead(.content_type, .beginning))]
    NotMedia {
        /// What the server says that it is.
        content_type: Option<String>,
        /// How it begins: at most 64 characters, none of them a control character. Empty if there is nothing in it.
        beginning: String,
    },
    /// The response is not one to a download, or to the rest of one.
    #[error("the response cannot be used: {0}")]
    Unusable(&'static str),
    /// It would have to begin anew, but the writer, or the stream, has the beginning of the file already.
    #[error("it would have to begin anew, and what it is written to cannot")]
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
    /// In a browser: the caller's stream failed, which says this of it.
    #[error("the stream failed: {0}")]
    Stream(String),
    /// In a browser: the caller's stream has a writer already. Nothing was sent.
    #[error("the stream is locked")]
    StreamLocked,
    /// In a browser: it made no `Blob` of the file, and says this of it.
    #[error("the browser made no Blob of the file: {0}")]
    Blob(String),
}

impl Reason for DownloadReason {
    fn no_runtime() -> Self {
        Self::NoRuntime
    }

    fn deadline(limit: Duration) -> Self {
        Self::Deadline { limit }
    }

    fn idle(limit: Duration) -> Self {
        Self::Idle { limit }
    }

    fn connection(error: TransportError) -> Self {
        Self::Connection(error)
    }
}

impl DownloadReason {
    fn advice(&self) -> &'static str {
        match self {
            Self::Url(_) => "Take the link from a record that was just read.",
            Self::NoRuntime => "Await it within one.",
            Self::Config(_) => "Correct the setting that it names.",
            Self::Connection(error) => advice(error),
            Self::Unusable(_) | Self::Length { .. } => "Try again.",
            Self::Idle { .. } | Self::Deadline { .. } => "Try again, or allow more time.",
            Self::Refused { status, .. } if error::is_transient(*status) => "Try again later.",
            Self::Refused { .. } => "Read the record again and take the link from there; it may be gone.",
            Self::Redirect { .. } => "Check the link, and any proxy between.",
            Self::TooLarge { .. } => "Raise max_bytes, if that is a size to expect.",
            Self::NotMedia { beginning, .. } if beginning.is_empty() => "Try again.",
            Self::NotMedia { .. } => {
                "Check the link and any proxy between, and read the record again for a new link; any_content(true) \
                 accepts other kinds of files."
            }
            Self::CannotRestart if cfg!(target_arch = "wasm32") => "Download to a Blob, which can begin anew.",
            Self::CannotRestart => "Download to a file, which can begin anew.",
            Self::File { .. } => "Check the directory, its permissions and the space that is left.",
            Self::Writer(_) => "What was written is the beginning of the file.",
            Self::Stream(_) => "What it took is the beginning of the file; begin again with a new stream.",
            Self::StreamLocked => "Release its lock, or give another stream.",
            Self::Blob(_) => "Free some memory, or download to a stream.",
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
