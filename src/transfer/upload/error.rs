//! Why an upload failed.

use std::io;
use std::time::Duration;

use http::StatusCode;

use super::super::{Reason, advice, broken, said};
use crate::error::{self, ConfigError, Error};
use crate::transport::TransportError;

/// Why an upload failed.
///
/// The message says what to do next. It shows neither the key, which the storage is not sent, nor anything of the form
/// that lets whoever has it upload; nor does `Debug`.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct UploadError {
    /// The function that failed, such as `init_images_upload_file`.
    pub operation: &'static str,
    /// How often it was attempted; 0 if nothing was sent.
    pub attempts: u32,
    /// The time from the beginning to the end, delays included.
    pub elapsed: Duration,
    /// Whether it was not retried because the core's [`RetryBudget`](crate::RetryBudget) was spent.
    pub out_of_budget: bool,
    /// What went wrong.
    #[source]
    pub reason: UploadReason,
}

impl UploadError {
    /// Of a function that only reads.
    #[cfg(feature = "data-urls")]
    pub(crate) fn unsent(operation: &'static str, reason: UploadReason) -> Self {
        let (attempts, elapsed, out_of_budget) = Default::default();
        Self { operation, attempts, elapsed, out_of_budget, reason }
    }

    fn message(&self) -> String {
        let Self { operation, attempts, elapsed, out_of_budget, reason } = self;
        let beginning = error::beginning(operation, *attempts, *elapsed, *out_of_budget);
        let nothing_sent = if *attempts == 0 { " Nothing was sent." } else { "" };
        match reason {
            // It ends as a sentence already, and gives its own advice.
            UploadReason::NoPlace(_) => format!("{beginning}: {reason}"),
            _ => format!("{beginning}: {reason}.{nothing_sent} {}", reason.advice()),
        }
    }

    /// Whether credits may have been spent: never, since an upload costs none.
    pub fn may_have_been_charged(&self) -> bool {
        false
    }

    /// The id of a generation: none, since an upload has nothing to do with one.
    pub fn generation_id(&self) -> Option<&str> {
        None
    }

    /// Whether there is nowhere to upload to: the API or the storage responded with status 404.
    pub fn is_not_found(&self) -> bool {
        match &self.reason {
            UploadReason::Refused { status, .. } => *status == StatusCode::NOT_FOUND,
            _ => self.call().is_some_and(Error::is_not_found),
        }
    }

    /// How long the server asked to wait before another attempt, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.reason {
            UploadReason::Refused { retry_after, .. } => *retry_after,
            _ => self.call()?.retry_after(),
        }
    }

    /// The error of the call that was to give a place.
    fn call(&self) -> Option<&Error> {
        if let UploadReason::NoPlace(error) = &self.reason { Some(error) } else { None }
    }
}

impl From<UploadError> for Error {
    fn from(error: UploadError) -> Self {
        Self::workflow(error)
    }
}

impl error::HasParts for UploadError {
    fn parts(&self) -> error::Parts<'_> {
        error::Parts {
            call: self.call(),
            is_not_found: self.is_not_found(),
            retry_after: self.retry_after(),
            ..error::Parts::default()
        }
    }
}

error::debug_as_display!(UploadError, UploadReason);

/// What went wrong with an upload.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum UploadReason {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The caller's reader failed.
    #[error("the reader failed: {0}")]
    Reader(#[source] io::Error),
    /// In a browser: the `Blob` cannot be read, of which this is said.
    #[error("the Blob cannot be read: {0}")]
    Blob(String),
    /// There is nothing in it. Nothing was sent.
    #[error("the file is empty")]
    Empty,
    /// By its content it is none of the kinds that the service takes. Nothing was sent.
    #[error("by its content it is neither PNG, JPEG nor WebP")]
    NotAnImage,
    /// By its content it is no JPEG, which is all that the service takes along in a request. Nothing was sent.
    #[error("by its content it is no JPEG")]
    NotAJpeg,
    /// It is larger than the service takes. Nothing was sent.
    #[error("it has {length} bytes, and at most {limit} are taken")]
    TooLarge {
        /// What the service takes, in bytes.
        limit: u64,
        /// What it has.
        length: u64,
    },
    /// By its content it is no video or sound that the service takes. Nothing was sent.
    #[error("by its content it is neither MP4, QuickTime, MP3 nor WAV")]
    NotMedia,
    /// By its first statement it is no 3D model that the service takes. Nothing was sent.
    #[error("it does not begin as an OBJ does")]
    NotAModel,
    /// There are not as many bytes as there were, or as were promised.
    #[error("there are not the {expected} bytes that were expected; was it changed meanwhile?")]
    Length {
        /// The length at the beginning, or the one that was promised.
        expected: u64,
    },
    /// It was awaited outside of a Tokio runtime. Nothing was sent.
    #[error("an upload must be awaited within a Tokio runtime")]
    NoRuntime,
    /// There is no client to upload with. Nothing was sent.
    #[error(transparent)]
    Config(ConfigError),
    /// The API gave no place to upload to.
    #[error("there is no place to upload to: {0}")]
    NoPlace(#[source] Error),
    /// The place that the API gave cannot be used.
    #[error("the place to upload to cannot be used: {0}")]
    Place(&'static str),
    /// The storage was not reached, or the exchange broke off.
    #[error("{}", broken(.0))]
    Connection(#[source] TransportError),
    /// No byte went out for so long.
    #[error("no byte went out for {} s", error::Seconds(*limit))]
    Idle {
        /// The upload's [`idle_timeout`](super::Upload::idle_timeout).
        limit: Duration,
    },
    /// All of it took too long.
    #[error("it was not complete within {} s, the upload's deadline", error::Seconds(*limit))]
    Deadline {
        /// The upload's [`deadline`](super::Upload::deadline).
        limit: Duration,
    },
    /// The storage has something against it.
    #[error("the storage responded with {status}{}", said(.code, .message))]
    Refused {
        /// The status.
        status: StatusCode,
        /// The storage's code, such as `AccessDenied`.
        code: Option<String>,
        /// The storage's words.
        message: Option<String>,
        /// How long it asked to wait before another attempt, by `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The storage reported success before it had the whole file.
    #[error("the storage reported success before it had the whole file")]
    Unread,
}

impl Reason for UploadReason {
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

impl UploadReason {
    /// Whether the form was refused for its age.
    pub(super) fn is_expiry(&self) -> bool {
        let Self::Refused { status: StatusCode::FORBIDDEN, code, message, .. } = self else { return false };
        code.as_deref() == Some("ExpiredToken")
            || message.as_ref().is_some_and(|message| message.to_ascii_lowercase().contains("expired"))
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::File { .. } => "Check the path and its permissions.",
            Self::Reader(_) => "Correct the reader; it cannot be read again.",
            Self::Blob(_) => "Have the file chosen again; it may have changed or be gone.",
            Self::NotAnImage => "Give a PNG, JPEG or WebP image.",
            Self::NotAJpeg => "Give a JPEG image.",
            Self::TooLarge { .. } => "Give a smaller file.",
            Self::NotMedia => "Give an MP4, QuickTime, MP3 or WAV file.",
            Self::NotAModel => "Give a Wavefront OBJ file.",
            Self::Empty | Self::Length { .. } => "Upload it when it is complete.",
            Self::NoRuntime => "Await it within one.",
            Self::Config(_) => "Correct the setting that it names.",
            Self::NoPlace(_) => "",
            Self::Place(_) => "Check the server URL, and any proxy between.",
            Self::Connection(error) => advice(error),
            Self::Unread => "Try again.",
            Self::Idle { .. } | Self::Deadline { .. } => "Try again, or allow more time.",
            Self::Refused { status, .. } if error::is_transient(*status) => "Try again later.",
            Self::Refused { code, .. } if code.as_deref() == Some("EntityTooLarge") => "Upload a smaller file.",
            Self::Refused { .. } => "Check the clock of this machine, and any proxy between.",
        }
    }
}
