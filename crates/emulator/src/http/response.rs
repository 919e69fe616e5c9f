//! Responses: JSON, the API's error bodies, and the pages of what stands before and beside the API.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// A refused request, in the form the API gives all of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) error: String,
    pub(crate) code: &'static str,
    pub(crate) retry_after: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>, code: &'static str) -> Self {
        Self { status, error: error.into(), code, retry_after: None }
    }

    /// The request has the right shape, but not a value that will do.
    pub(crate) fn bad(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, "bad-request")
    }

    /// The request has the wrong shape.
    pub(crate) fn shape(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, "validation-failed")
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Authentication hook unauthorized this request", "access-denied")
    }

    pub(crate) fn malformed_key() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Invalid response from authorization hook", "unexpected")
    }

    /// Something of the service's own went wrong.
    pub(crate) fn service() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Service Error", "unexpected")
    }

    pub(crate) fn no_endpoint() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Endpoint not found", "not-found")
    }

    fn body(&self) -> Value {
        json!({"error": self.error, "path": "$", "code": self.code})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        let mut response = json_response(self.status, &self.body());
        if let Some(value) = self.retry_after.and_then(|v| HeaderValue::from_str(&v).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

pub(crate) fn ok(value: &Value) -> Response<Body> {
    json_response(StatusCode::OK, value)
}

pub(crate) fn json_response(status: StatusCode, value: &Value) -> Response<Body> {
    with_type(status, "application/json; charset=utf-8", value.to_string())
}

pub(crate) fn html(status: StatusCode, title: &str) -> Response<Body> {
    with_type(status, "text/html", html_page(title))
}

fn html_page(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
}

/// An error as an S3-like storage words it.
pub(crate) fn xml(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    with_type(
        status,
        "application/xml",
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        ),
    )
}

/// What a storage says of a file it does not have.
pub(crate) async fn no_such_file() -> Response<Body> {
    xml(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
}

pub(crate) fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A number as the API's JSON writes it: whole numbers without a decimal point.
pub(crate) fn number(value: f64) -> Value {
    // Beyond 2^53 an f64 no longer tells whole numbers apart, so such values stay as they are.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        let whole = value as i64;
        Value::from(whole)
    } else {
        Value::from(value)
    }
}
