//! Constructors of errors, for a program's own tests.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{
    ApiError, CallInfo, ConnectionError, DecodeError, DecodeReason, Error, InvalidRequestError, OutcomeUnknownError,
    Redactor, TimeoutError, TimeoutScope, api_error,
};
use crate::operation::OperationInfo;
use crate::runtime::SystemTime;
use crate::transport::TransportError;

impl CallInfo {
    /// A call of that operation after one attempt, for tests: `CallInfo::of(&operations::USER_GET_USER_SELF.info)`.
    pub fn of(operation: &OperationInfo) -> Self {
        Self { attempts: 1, ..Self::new(operation.name, operation.effect) }
    }
}

impl InvalidRequestError {
    /// An argument or option that is wrong, for tests.
    pub fn new(call: CallInfo, field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { call, field: field.into(), reason: reason.into(), source: None }
    }
}

impl ConnectionError {
    /// A connection to `server` that failed as `source` says, for tests.
    pub fn new(call: CallInfo, server: impl Into<String>, source: TransportError) -> Self {
        Self { call, server: server.into(), source }
    }
}

impl TimeoutError {
    /// A limit that was reached, for tests. `sent` if the request may have reached the server.
    pub fn new(call: CallInfo, scope: TimeoutScope, limit: Duration, sent: bool) -> Self {
        Self { call, scope, limit, sent }
    }
}

impl ApiError {
    /// The refusal in a response with this status, message and code, for tests. What kind it is, is found out as it is with a
    /// response of the service.
    ///
    /// ```
    /// # #[cfg(feature = "user-get-user-self")] {
    /// use leonardo_ai::http::StatusCode;
    /// use leonardo_ai::{ApiError, CallInfo, Error, operations};
    ///
    /// let call = CallInfo::of(&operations::USER_GET_USER_SELF.info);
    /// let error = Error::from(ApiError::new(call, StatusCode::NOT_FOUND, "there is no such user", None));
    /// assert!(error.is_not_found());
    /// # }
    /// ```
    pub fn new(call: CallInfo, status: StatusCode, message: &str, code: Option<&str>) -> Self {
        let body = serde_json::json!({ "error": message, "path": "$", "code": code }).to_string();
        api_error(call, true, status, HeaderMap::new(), body.into(), &Redactor(&[]))
    }
}

impl DecodeError {
    /// A response with this status that cannot be read, for tests.
    pub fn new(call: CallInfo, status: StatusCode, reason: DecodeReason, excerpt: impl Into<String>) -> Self {
        Self { call, status, reason, excerpt: excerpt.into(), id: None }
    }
}

impl OutcomeUnknownError {
    /// A request that was sent now, and of which `cause` does not tell whether it was carried out, for tests.
    ///
    /// ```
    /// # #[cfg(feature = "image-create-generation")] {
    /// use std::time::Duration;
    ///
    /// use leonardo_ai::{CallInfo, Error, OutcomeUnknownError, TimeoutError, TimeoutScope, operations};
    ///
    /// let call = CallInfo::of(&operations::IMAGE_CREATE_GENERATION.info);
    /// let timeout = TimeoutError::new(call, TimeoutScope::Attempt, Duration::from_secs(60), true);
    /// let error = Error::from(OutcomeUnknownError::new(timeout, "{}"));
    /// assert!(error.may_have_been_charged());
    /// # }
    /// ```
    pub fn new(cause: impl Into<Error>, request: impl Into<Bytes>) -> Self {
        let (cause, request) = (cause.into(), request.into());
        Self::unknown(SystemTime::now(), request, None, cause)
    }
}

macro_rules! from {
    ($($variant:ident $error:ident),+ $(,)?) => {$(
        /// For tests, which make such errors by themselves.
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )+};
}

from!(
    InvalidRequest InvalidRequestError,
    Connection ConnectionError,
    Timeout TimeoutError,
    Api ApiError,
    Decode DecodeError,
    OutcomeUnknown OutcomeUnknownError,
);
