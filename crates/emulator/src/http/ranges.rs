//! Serving bytes as a CDN does: entity tags and ranges.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_range_header::parse_range_header;

/// The part of an entity that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    All,
    /// From the first up to and without the second.
    Part(u64, u64),
    Nothing,
    Unchanged,
}

fn asked(headers: &HeaderMap, etag: &str, length: u64) -> Asked {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let same = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == etag;
    if text(header::IF_NONE_MATCH).is_some_and(|known| known.split(',').any(|tag| same(tag.trim()))) {
        return Asked::Unchanged;
    }
    if text(header::IF_RANGE).is_some_and(|tag| tag != etag) {
        return Asked::All;
    }
    // What is no range may be ignored, and so may several at once.
    let Some(parsed) =
        text(header::RANGE).and_then(|range| parse_range_header(range).ok()).filter(|all| all.len() == 1)
    else {
        return Asked::All;
    };
    match parsed.validate(length).as_deref() {
        Ok([range]) => Asked::Part(*range.start(), *range.end() + 1),
        _ => Asked::Nothing,
    }
}

/// Responds with an entity of a known length, of which `body` gives the bytes from one place up to another.
pub(crate) fn respond(
    headers: &HeaderMap,
    content_type: &'static str,
    etag: &str,
    length: u64,
    body: impl FnOnce(u64, u64) -> Body,
) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let head = response.headers_mut();
    head.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        head.insert(header::ETAG, etag);
    }
    let (status, part) = match asked(headers, etag, length) {
        Asked::Unchanged => (StatusCode::NOT_MODIFIED, None),
        Asked::Nothing => {
            insert(head, header::CONTENT_RANGE, &format!("bytes */{length}"));
            (StatusCode::RANGE_NOT_SATISFIABLE, Some((0, 0)))
        }
        Asked::All => (StatusCode::OK, Some((0, length))),
        Asked::Part(first, end) => {
            insert(head, header::CONTENT_RANGE, &format!("bytes {first}-{}/{length}", end - 1));
            (StatusCode::PARTIAL_CONTENT, Some((first, end)))
        }
    };
    if let Some((first, end)) = part {
        insert(head, header::CONTENT_LENGTH, &(end - first).to_string());
        head.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if first < end {
            *response.body_mut() = body(first, end);
        }
    }
    *response.status_mut() = status;
    response
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: header::HeaderName, value: &'static str) -> Asked {
        of_length(name, value, 100)
    }

    fn of_length(name: header::HeaderName, value: &'static str, length: u64) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        asked(&headers, "\"tag\"", length)
    }

    #[test]
    fn ranges() {
        let range = |value| of(header::RANGE, value);
        assert_eq!(range("bytes=0-9"), Asked::Part(0, 10));
        assert_eq!(range("bytes=90-"), Asked::Part(90, 100));
        assert_eq!(range("bytes=90-1000"), Asked::Part(90, 100));
        assert_eq!(range("bytes=-10"), Asked::Part(90, 100));
        assert_eq!(range("bytes=-1000"), Asked::Part(0, 100));
        assert_eq!(range("bytes=100-"), Asked::Nothing);
        assert_eq!(range("bytes=-0"), Asked::Nothing);
        assert_eq!(range("bytes=100-200"), Asked::Nothing);
        assert_eq!(range("bytes=5-4"), Asked::All);
        assert_eq!(range("bytes=200-150"), Asked::All);
        assert_eq!(range("bytes=-"), Asked::All);
        assert_eq!(range("bytes=+1-2"), Asked::All);
        assert_eq!(range("bytes=0-99999999999999999999"), Asked::Part(0, 100));
        assert_eq!(range("bytes=0-1,5-6"), Asked::All);
        assert_eq!(range("lines=0-1"), Asked::All);
        assert_eq!(range("bytes=0-18446744073709551615"), Asked::Part(0, 100));
        for value in ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"] {
            assert_eq!(of_length(header::RANGE, value, 0), Asked::Nothing, "{value}");
        }
        assert_eq!(of(header::IF_NONE_MATCH, "\"x\", \"tag\""), Asked::Unchanged);
        assert_eq!(of(header::IF_NONE_MATCH, "\"x\""), Asked::All);
    }
}
