//! What a response of the API means that reports an error.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::redact::{KEPT_BODY, find};
use super::{ApiError, ApiErrorKind, CallInfo, Redactor};
use crate::codec::{self, Decode, Input, List, Model, Outcome};
use crate::models::ApiErrorBody;
use crate::runtime::SystemTime;
use crate::time;

/// Whether a status alone proves that nothing was done.
pub(super) fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT
}

/// Whether the same request may get another response later, going by the status alone.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

/// Reads a response that is, or holds, an error of the API; or, if it is not `told`, one whose record is `null`.
pub(crate) fn api_error(
    call: CallInfo,
    told: bool,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    redactor: &Redactor<'_>,
) -> ApiError {
    let Reported { status: effective, error } =
        if told { reported(status, &body) } else { Reported { status: 404, error: None } };
    let kind = match &error {
        Some(Told { error: None, code, .. }) => kind_of(effective, &body, code.as_deref()),
        Some(Told { error: Some(error), code, .. }) => kind_of(effective, error.as_bytes(), code.as_deref()),
        None => kind_of_bare(effective, &body),
    };
    let body = redactor.bytes(body);
    ApiError {
        call,
        kind,
        status,
        error: error.map(|told| ApiErrorBody {
            error: told.error.map_or_else(|| lossy(&body).into_owned(), |error| redactor.text(error)),
            path: told.path.map(|path| redactor.text(path)),
            code: told.code.map(|code| redactor.text(code)),
        }),
        retry_after: retry_after(&headers).filter(|_| told),
        headers: redactor.headers(headers),
        body,
    }
}

/// The status of the response or, where that is 2xx, the one that the body names, 0 if none; and the error in it.
struct Reported {
    status: u16,
    error: Option<Told>,
}

/// What a body tells of an error.
struct Told {
    /// `None` if it is said in another form, and may still be told from the whole.
    error: Option<String>,
    path: Option<String>,
    code: Option<String>,
}

/// The forms of a body that reports an error. Whatever else stands there is passed over.
#[derive(Default, Model)]
#[model(internal)]
struct ErrorBody {
    errors: Errors,
    error: Option<String>,
    path: Option<String>,
    code: Option<String>,
}

/// A list of errors, of which only the first is kept.
#[derive(Default)]
struct Errors {
    any: bool,
    first: FirstError,
}

impl Decode for Errors {
    fn empty() -> Self {
        Self::default()
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        *self = Self::default();
        if let Input::List = input { Outcome::List(self) } else { Outcome::Done }
    }
}

impl List for Errors {
    fn next(&mut self) -> Option<(&mut dyn Decode, usize)> {
        if std::mem::replace(&mut self.any, true) { None } else { Some((&mut self.first, 0)) }
    }

    fn take_back(&mut self) {}
}

/// An error that is an object, or just a text.
#[derive(Default)]
struct FirstError(Option<Box<ErrorItem>>);

impl FirstError {
    fn message(self) -> Option<String> {
        self.0?.message
    }
}

impl Decode for FirstError {
    fn empty() -> Self {
        Self::default()
    }

    fn set(&mut self, input: Input<'_>) -> Outcome<'_> {
        let error = self.0.get_or_insert_default();
        if let Input::Object = input { error.set(input) } else { error.message.set(input) }
    }
}

#[derive(Default, Model)]
#[model(internal)]
struct ErrorItem {
    message: Option<String>,
    extensions: Extensions,
}

#[derive(Default, Model)]
#[model(internal)]
struct Extensions {
    code: Option<String>,
    status_code: Option<String>,
    path: Option<String>,
    details: Details,
}

/// What a message that says nothing, such as "An error occurred.", is about.
#[derive(Default, Model)]
#[model(internal)]
struct Details {
    message: Option<String>,
    status_code: Option<String>,
    errors: Errors,
}

fn error_body(text: &str) -> serde_json::Result<ErrorBody> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let body = if is_list(text.as_bytes()) {
        // Version 2 and blueprints give the list alone. Another list is not one of errors.
        let errors: Errors = codec::read_response(&mut deserializer)?;
        let any = errors.first.0.as_ref().is_some_and(|error| error.message.is_some());
        ErrorBody { errors: Errors { any, ..errors }, ..ErrorBody::default() }
    } else {
        codec::read_response(&mut deserializer)?
    };
    deserializer.end()?;
    Ok(body)
}

/// A body as text; if it is none, what the beginning of it looks like, which may take three times as much.
fn lossy(body: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(body) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(&body[..body.len().min(KEPT_BODY)]),
    }
}

fn reported(status: StatusCode, body: &[u8]) -> Reported {
    let own = if status.is_success() { 0 } else { status.as_u16() };
    let ErrorBody { errors, error, path, code } = error_body(&lossy(body)).unwrap_or_default();
    let mut said = None;
    let error = if errors.any {
        // Both forms were seen with status 200, and gateways mix them with others.
        let ErrorItem { message, extensions: Extensions { code, status_code, path, details } } =
            *errors.first.0.unwrap_or_default();
        said = status_code.or(details.status_code).and_then(|code| code.trim_ascii().parse().ok());
        let detail = details.errors.first.message();
        let mut text = String::new();
        for message in [message, details.message, detail].into_iter().flatten() {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(message.trim_end_matches('.'));
        }
        let error = Some(text).filter(|text| !text.is_empty());
        Some(Told { error, path, code })
    } else {
        error.filter(|error| !error.is_empty()).map(|error| Told { error: Some(error), path, code })
    };
    let status = if own == 0 { said.unwrap_or_default() } else { own };
    Reported { status, error }
}

/// Whether a body of status 2xx is, or holds, an error.
pub(crate) fn tells_error(body: &[u8]) -> bool {
    reported(StatusCode::OK, body).error.is_some()
}

/// The status that a code stands for, where only the code is given.
fn status_of(code: &str) -> u16 {
    const CODES: [(&str, u16); 20] = [
        ("bad-request", 400),
        ("validation-failed", 400),
        ("validation-error", 400),
        ("badrequestexception", 400),
        ("bad-user-input", 400),
        ("constraint-violation", 400),
        ("graphql-validation-failed", 400),
        ("access-denied", 401),
        ("unauthorized", 401),
        ("unauthenticated", 401),
        ("invalid-jwt", 401),
        ("forbidden", 403),
        ("permission-denied", 403),
        ("not-found", 404),
        ("rate-limited", 429),
        ("rate-limit-exceeded", 429),
        ("too-many-requests", 429),
        ("unexpected", 500),
        ("internal-server-error", 500),
        ("internal-error", 500),
    ];
    let code = code.replace('_', "-");
    CODES.iter().find(|(known, _)| code.eq_ignore_ascii_case(known)).map_or(0, |&(_, status)| status)
}

/// How much of a message is looked at, in bytes.
const MEANT: usize = 4096;

fn kind_of(status: u16, message: &[u8], code: Option<&str>) -> ApiErrorKind {
    // Whoever sends a longer message means something else.
    let message = &message[..message.len().min(MEANT)];
    let begins = |with: &[u8]| message.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    // The service responds to a malformed key with status 500.
    if begins(b"invalid response from authorization hook") || begins(b"authentication hook unauthorized") {
        return ApiErrorKind::Authentication;
    }
    // Whatever else stands in the body of a failure, the work may have been done.
    if (500..=599).contains(&status) {
        return ApiErrorKind::Server;
    }
    if code.is_some_and(|code| status_of(code) == 401) {
        return ApiErrorKind::Authentication;
    }
    if find(message, b"content moderation filter").is_some()
        || find(message, b"appears to contain inappropriate content").is_some()
    {
        return ApiErrorKind::Moderation;
    }
    match if status == 0 { code.map_or(0, status_of) } else { status } {
        401 | 403 => ApiErrorKind::Authentication,
        404 => ApiErrorKind::NotFound,
        429 => ApiErrorKind::RateLimited,
        408 | 500..=599 => ApiErrorKind::Server,
        400..=499 => ApiErrorKind::InvalidRequest,
        _ => ApiErrorKind::Unexpected,
    }
}

/// Without an error in the body, somebody between may have responded instead of the API.
fn kind_of_bare(status: u16, body: &[u8]) -> ApiErrorKind {
    match kind_of(status, b"", None) {
        ApiErrorKind::Authentication | ApiErrorKind::InvalidRequest | ApiErrorKind::NotFound if is_html(body) => {
            ApiErrorKind::Unexpected
        }
        kind => kind,
    }
}

/// Whether a body begins as a list does.
pub(crate) fn is_list(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

/// Whether a body begins as a page does. JSON never begins with `<`.
pub(super) fn is_html(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// `Retry-After`, in seconds or as a date; a date in the past is no delay, and what is neither is passed over.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim_ascii();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit are still a long time.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = time::parse(value)?;
    // Where the response tells the server's time, a wrong clock here does not matter.
    let now = time::header(headers, http::header::DATE)
        .unwrap_or_else(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    Some(until.saturating_sub(now))
}
