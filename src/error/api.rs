//! The API refused.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::classify::is_refusal;
use super::{CallInfo, clipped, excerpt};
use crate::models::ApiErrorBody;

/// What an error of the API is about, read from its body first and its status second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The key is wrong, malformed (to which the service responds with status 500) or not allowed to do this.
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
    /// An error in the API's form that tells neither a known code nor a status; or a response that the API itself would
    /// not give, such as a redirect or a page of a proxy.
    Unexpected,
}

/// The API's response that it did not do what was asked.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct ApiError {
    /// What was called.
    pub call: CallInfo,
    /// What the error is about.
    pub kind: ApiErrorKind,
    /// The response's status; 200 where the error was in the body alone.
    pub status: StatusCode,
    /// The error as the API describes it, if the body could be read.
    pub error: Option<ApiErrorBody>,
    /// The response's headers.
    pub headers: HeaderMap,
    /// The beginning of the response's body, at most 64 KiB.
    pub body: Bytes,
    /// How long to wait before another attempt, by `Retry-After`.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    pub(super) fn proves_nothing_done(&self) -> bool {
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
                ("not a response of the API", "Check the server URL, which ends in /api/rest, and any proxy between.")
            }
        }
    }

    fn message(&self) -> String {
        let (kind, advice) = self.name_and_advice();
        let mut text = format!("{}the API responded with {} ({kind})", self.call.beginning(), self.status);
        match &self.error {
            Some(error) => {
                text.push_str(&format!(": {}", clipped(&error.error)));
                if let Some(code) = &error.code {
                    text.push_str(&format!(" [{}]", clipped(code)));
                }
            }
            None if self.kind == ApiErrorKind::NotFound => text.push_str(": there is no such record"),
            None if self.body.is_empty() => {}
            None => {
                text.push_str(&format!(": {:?}", excerpt(&self.body, 0)));
            }
        }
        text.push('.');
        if let Some(delay) = self.retry_after {
            text.push_str(&format!(" The server asks to wait {} s.", delay.as_secs()));
        }
        text.push_str(&self.call.end(self.proves_nothing_done(), advice));
        text
    }
}
