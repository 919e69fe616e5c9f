//! A response that cannot be read.

use bytes::Bytes;
use http::StatusCode;

use super::classify::{is_html, is_refusal};
use super::{CallInfo, Redactor, clipped, excerpt};

/// Why a response cannot be read.
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
            _ => {
                "Try again; if it stays so, the API has changed: look at the response with raw(), or update this crate."
            }
        }
    }
}

/// A response that cannot be read, though it reports success or its body is too large.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct DecodeError {
    /// What was called.
    pub call: CallInfo,
    /// The response's status.
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
        let mut text = format!("{}the response ({status}) cannot be read: ", call.beginning());
        text.push_str(&match reason {
            DecodeReason::Empty => "its body is empty".into(),
            DecodeReason::Html => "it is an HTML page".into(),
            DecodeReason::Json { line, column, message } => {
                format!("{} at line {line} column {column}", clipped(message))
            }
            DecodeReason::MissingField(field) => format!("it has no field `{field}`"),
            DecodeReason::NoRecord(field) => format!("`{field}` is null"),
            DecodeReason::TooLarge { limit } => format!("its body is larger than {limit} bytes"),
            DecodeReason::Expands { limit } => format!("it decodes to more than {limit} bytes"),
        });
        if !excerpt.is_empty() {
            text.push_str(&format!(", near {excerpt:?}"));
        }
        text.push('.');
        text.push_str(&call.end(is_refusal(*status), reason.advice()));
        text
    }
}

/// Why a body cannot be read, and the place where reading stopped.
pub(crate) fn unreadable(error: &serde_json::Error, body: Bytes, redactor: &Redactor<'_>) -> (DecodeReason, String) {
    let (line, column) = (error.line(), error.column());
    let clean = redactor.whole_or_none(&body);
    let reason = if is_html(&body) {
        DecodeReason::Html
    } else {
        // The message holds the place too, and quotes the value, of which a part may be a part of the key.
        let message = format!("{error}");
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
