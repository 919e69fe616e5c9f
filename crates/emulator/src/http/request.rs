//! Parts of requests.

use axum::http::Uri;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::response::ApiError;

/// The JSON object that a body must be.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(ApiError::bad("invalid json: expected an object")),
        Err(_) => Err(ApiError::bad("invalid json")),
    }
}

/// The last segment of a path, decoded; what is no escape stays, and bytes that are not UTF-8 are replaced.
pub(crate) fn last_segment(uri: &Uri) -> String {
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    percent_decode_str(last).decode_utf8_lossy().into_owned()
}

/// The pairs of the query, decoded in the same way.
pub(crate) fn query(uri: &Uri) -> Vec<(String, String)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding() {
        let uri: Uri = "/generations/user/a%2Fb%20c%zz%4?limit=%31&x=a+b&&y".parse().unwrap();
        assert_eq!(last_segment(&uri), "a/b c%zz%4");
        assert_eq!(
            query(&uri),
            [("limit".into(), "1".into()), ("x".into(), "a b".into()), ("y".into(), String::new())]
        );
    }
}
