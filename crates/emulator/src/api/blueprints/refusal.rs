//! How requests of this group are refused, which is unlike that of all others.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::http::response::{ApiError, json_response, ok};

/// What was asked for, as a refusal names it: the field, and the column in the query behind the route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked(pub(super) &'static str, pub(super) u32);

#[derive(Debug)]
pub(super) enum Refusal {
    /// As other groups refuse: too much was asked for.
    Usual(ApiError),
    /// A request of the wrong form: 400, and nothing but what is wrong.
    Form(String),
    /// A bare list with status 200.
    Listed(Value),
}

impl Refusal {
    /// The request has a value that will not do. That the reason follows the service's own sentence is invented.
    pub(super) fn bad(Asked(field, column): Asked, reason: &str) -> Self {
        Self::Listed(json!([{
            "message": "An error occurred.",
            "path": [field],
            "locations": [{"column": column, "line": 1}],
            "extensions": {
                "code": "BadRequestException",
                "details": {"message": format!("Bad request. Please check your input. {reason}"), "statusCode": 400},
            },
        }]))
    }

    pub(super) fn not_found(Asked(field, column): Asked, what: &str) -> Self {
        Self::Listed(json!([{
            "message": format!("{what} not found"),
            "path": [field],
            "locations": [{"column": column, "line": 1}],
            "extensions": {"code": "NOT_FOUND", "errorCode": 0, "statusCode": 404},
        }]))
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Usual(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        match self {
            Self::Usual(error) => error.into_response(),
            Self::Form(error) => json_response(StatusCode::BAD_REQUEST, &json!({"error": error})),
            Self::Listed(errors) => ok(&errors),
        }
    }
}
