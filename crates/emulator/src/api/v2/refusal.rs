//! Refusals in the form of version 2: a bare list, with status 200.

use axum::body::Body;
use axum::http::Response;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::http::response::{ApiError, ok};

/// A refused request.
pub(super) enum Refusal {
    /// By what stands before version 2, such as the limits.
    Before(ApiError),
    Listed {
        code: &'static str,
        /// The status that it would have elsewhere.
        status: u16,
        message: String,
        errors: Vec<String>,
    },
}

/// The response to a request of version 2.
pub(super) type Outcome = Result<Response<Body>, Refusal>;

impl Refusal {
    /// The request has not the form that it should have.
    pub(super) fn invalid(errors: Vec<String>) -> Self {
        Self::Listed { code: "VALIDATION_ERROR", status: 400, message: "Validation failed".to_owned(), errors }
    }

    /// The request has the right form, and not a value that will do.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::with_status(message.into(), 400)
    }

    fn with_status(message: String, status: u16) -> Self {
        Self::Listed { code: "BAD_REQUEST", status, errors: vec![message.clone()], message }
    }

    /// Something that the request names does not exist.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Listed { code: "NOT_FOUND", status: 404, errors: vec![message.clone()], message }
    }

    /// The work has failed. The code is invented.
    pub(super) fn failed() -> Self {
        let message = "The generation has failed".to_owned();
        Self::Listed { code: "INTERNAL_SERVER_ERROR", status: 500, errors: vec![message.clone()], message }
    }

    /// What version 1 refuses with a status of its own, and version 2 in its list.
    pub(super) fn listed(error: ApiError) -> Self {
        Self::with_status(error.error, error.status.as_u16())
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Before(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        match self {
            Self::Before(error) => error.into_response(),
            Self::Listed { code, status, message, errors } => {
                let errors: Vec<Value> = errors.into_iter().map(|message| json!({"message": message})).collect();
                let details = json!({"message": message, "statusCode": status, "errors": errors});
                ok(&json!([{
                    "message": "An error occurred.",
                    "path": ["generate"],
                    "locations": [{"column": 20, "line": 1}],
                    "extensions": {"code": code, "details": details},
                }]))
            }
        }
    }
}
