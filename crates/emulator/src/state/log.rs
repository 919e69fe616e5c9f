//! What the emulator remembers of the requests it received.

use std::collections::VecDeque;
use std::time::SystemTime;

use axum::http::request::Parts;

/// Requests remembered; older ones are forgotten first.
const MOST_REQUESTS: usize = 100_000;
/// Bytes remembered over all requests, so that a long run with large bodies stays small.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Bytes remembered of one body.
const MOST_BODY: usize = 64 * 1024;

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// The method, such as `POST`.
    pub method: String,
    /// The path and query, not decoded.
    pub path: String,
    /// The headers in order of arrival, names in lower case; bytes that are not UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body, as far as it arrived.
    pub body: Vec<u8>,
    /// The moment of arrival.
    pub at: SystemTime,
    /// Whether the client went away before it could have the whole response. What a fault ends is not meant.
    pub aborted: bool,
}

impl RequestRecord {
    /// The value of the first header of this name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len()).sum();
        self.path.len() + headers + self.body.len()
    }
}

/// Which entry of the log a request is, for those who read its body themselves.
#[derive(Clone, Copy)]
pub(crate) struct Entry(u64);

/// The last requests.
#[derive(Default)]
pub(crate) struct Log {
    records: VecDeque<RequestRecord>,
    forgotten: u64,
    bytes: usize,
}

impl Log {
    /// Remembers the head of a request; the entry returned finds it again for [`Log::body`].
    pub(crate) fn head(&mut self, parts: &Parts) -> Entry {
        let record = RequestRecord {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path_and_query().map_or_else(|| parts.uri.to_string(), |path| path.as_str().to_owned()),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                })
                .collect(),
            body: Vec::new(),
            at: SystemTime::now(),
            aborted: false,
        };
        self.bytes += record.bytes();
        self.records.push_back(record);
        let number = self.forgotten + self.records.len() as u64 - 1;
        self.trim();
        Entry(number)
    }

    /// Adds to the body of a request.
    pub(crate) fn body(&mut self, entry: Entry, bytes: &[u8]) {
        if let Some(record) = self.record(entry) {
            let room = MOST_BODY - record.body.len();
            let kept = &bytes[..bytes.len().min(room)];
            record.body.extend_from_slice(kept);
            self.bytes += kept.len();
            self.trim();
        }
    }

    /// Notes that the client went away.
    pub(crate) fn abort(&mut self, entry: Entry) {
        if let Some(record) = self.record(entry) {
            record.aborted = true;
        }
    }

    /// Unless it was forgotten.
    fn record(&mut self, Entry(number): Entry) -> Option<&mut RequestRecord> {
        let at = number.checked_sub(self.forgotten)?;
        self.records.get_mut(usize::try_from(at).ok()?)
    }

    /// The requests that clients did not stay for.
    pub(crate) fn aborted(&self) -> impl Iterator<Item = &RequestRecord> {
        self.records.iter().filter(|record| record.aborted)
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.records.iter().cloned().collect()
    }

    /// How many requests ever arrived.
    pub(crate) fn count(&self) -> u64 {
        self.forgotten + self.records.len() as u64
    }

    fn trim(&mut self) {
        while self.records.len() > MOST_REQUESTS || self.bytes > MOST_BYTES {
            let Some(oldest) = self.records.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
            self.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn bounded() {
        let mut log = Log::default();
        let (parts, ()) = Request::builder().uri("/a%20b?c=d").header("X-One", "1").body(()).unwrap().into_parts();
        for _ in 0..2000 {
            let entry = log.head(&parts);
            log.body(entry, &[7; 40_000]);
            log.body(entry, &[7; 40_000]);
        }
        assert_eq!(log.count(), 2000);
        assert!(log.bytes <= MOST_BYTES);
        let all = log.all();
        assert!(all.len() < 1100);
        let last = all.last().unwrap();
        assert_eq!(last.body.len(), MOST_BODY);
        assert_eq!(last.path, "/a%20b?c=d");
        assert_eq!(last.header("x-one"), Some("1"));
        // A body that outlives its record is let go.
        log.body(Entry(0), b"late");
        log.abort(Entry(0));
        assert_eq!(log.aborted().count(), 0);
    }
}
