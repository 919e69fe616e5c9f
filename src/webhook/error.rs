//! Why a request is no webhook that is accepted.

use std::fmt;

use http::StatusCode;

use crate::models::GenerationId;

/// Why a request was refused.
///
/// No message shows a key or anything of the body. [`status`](Self::status) is what to respond with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// There is no `authorization: Bearer …` header, or more than one of that name.
    NoKey,
    /// The key is none of the receiver's.
    WrongKey,
    /// The body is larger than the receiver takes, or would take much more memory than that.
    #[non_exhaustive]
    TooLarge {
        /// The largest body that is taken, in bytes.
        limit: usize,
    },
    /// The body is not an object of JSON.
    #[non_exhaustive]
    NotJson {
        /// The line where reading stopped, from 1; 0 if it is not text.
        line: usize,
        /// The column where reading stopped, in bytes.
        column: usize,
        /// The generation, where its id stood before that place.
        generation_id: Option<GenerationId>,
    },
    /// The body does not tell what it is about: there is no id, and no type that this crate does not know.
    NoId,
    /// The connection ended before the body did.
    Incomplete,
}

impl WebhookError {
    /// The status to respond with: 401 without a good key, 413 for what is too large, 400 for what is not JSON or did not
    /// arrive whole, 422 without an id.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoKey | Self::WrongKey => StatusCode::UNAUTHORIZED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson { .. } | Self::Incomplete => StatusCode::BAD_REQUEST,
            Self::NoId => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// The generation that the request is about, if that could be read before the rest could not. Its key was right, so
    /// waits for it may be notified.
    pub fn generation_id(&self) -> Option<&str> {
        match self {
            Self::NotJson { generation_id, .. } => generation_id.as_ref().map(GenerationId::as_str),
            _ => None,
        }
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => {
                f.write_str("the webhook has no callback key: one header `authorization: Bearer …` is expected")
            }
            Self::WrongKey => f.write_str("the webhook's callback key is not one of the receiver's"),
            Self::TooLarge { limit } => {
                write!(f, "the webhook is too large: at most {limit} bytes are taken (`Receiver::max_bytes`)")
            }
            Self::NotJson { line: 0, .. } => f.write_str("the webhook's body is not UTF-8"),
            Self::NotJson { line, column, .. } => {
                write!(f, "the webhook's body is not an object of JSON, at line {line}, column {column}")
            }
            Self::NoId => f.write_str("the webhook does not tell what it is about: it has no id"),
            Self::Incomplete => f.write_str("the webhook's body did not arrive whole"),
        }
    }
}

impl std::error::Error for WebhookError {}

/// Why there is no receiver: a callback key cannot be one, or there is none. The key is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackKeyError(pub(super) &'static str);

impl fmt::Display for CallbackKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for CallbackKeyError {}
